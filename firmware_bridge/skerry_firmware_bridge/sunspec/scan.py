"""Finding a device's SunSpec base and models, as a question-and-answer generator without input or output.

It yields `(address, count)` of holding registers to read, is sent the registers or None for a refused read, and
returns a `Found`. The reader drives it over Modbus, the conformance over a register map.
"""

from collections.abc import Generator
from dataclasses import dataclass

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.bus import Registers
from skerry_firmware_bridge.sunspec.blocks import END_MODEL, MARKER

__all__ = ["BASES", "MARKER_WORDS", "Found", "ModelAt", "Registers", "scan"]

BASES = (40000, 0, 50000)  # PDU addresses in the order in which devices use them
LAST_ADDRESS = 0xFFFF
MARKER_WORDS = [int.from_bytes(MARKER[:2], "big"), int.from_bytes(MARKER[2:], "big")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAt:
    """A model found: `address` is that of its ID register, its data starts two registers later."""

    id: int
    address: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything a scan found; `complete` = the end model was reached."""

    base: int
    models: tuple[ModelAt, ...]
    complete: bool


def scan() -> Generator[tuple[int, int], Registers | None, Found]:
    """Look for the marker, then walk the chain. Raises `FrameRejected` not_found."""
    for base in BASES:
        head = yield base, 3
        if head is not None and list(head[:2]) == MARKER_WORDS:
            return (yield from _walk(base, head[2]))
    raise FrameRejected("not_found", detail="no SunSpec marker at 40000, 0 or 50000")


def _walk(base: int, model_id: int) -> Generator[tuple[int, int], Registers | None, Found]:
    models: list[ModelAt] = []
    address = base + 2
    while model_id != END_MODEL:
        # L is read alone: some devices end without one
        length = (yield address + 1, 1) if address < LAST_ADDRESS else None
        if not length:
            return Found(base=base, models=tuple(models), complete=False)
        models.append(ModelAt(id=model_id, address=address, length=length[0]))
        address += 2 + length[0]
        following = (yield address, 1) if address <= LAST_ADDRESS else None
        if not following:
            return Found(base=base, models=tuple(models), complete=False)
        model_id = following[0]
    return Found(base=base, models=tuple(models), complete=True)
