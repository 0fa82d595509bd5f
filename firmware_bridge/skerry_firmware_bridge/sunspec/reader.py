"""Reads SunSpec devices over Modbus: which registers to ask for, in which order; `sunspec.device` is its user."""

from typing import Protocol

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.frames import split_requests
from skerry_firmware_bridge.sunspec.blocks import Model, decode_model
from skerry_firmware_bridge.sunspec.scan import MARKER_WORDS, Found, ModelAt, Registers, scan

__all__ = ["RegisterBus", "SunSpecReader"]

HEAD = 2  # registers of a model's id and length
QUESTIONS_LIMIT = 512  # a device has a dozen models and is asked two questions for each; a longer chain never ends


class RegisterBus(Protocol):
    """Reads holding registers."""

    async def read(self, address: int, count: int) -> Registers | None:
        """Return the registers, None when the device answers with an exception. Raises `DeviceTimeout`, `LinkLost`."""

    async def watch(self) -> None:
        """Wait until the connection is lost. Raises `LinkLost`, never returns."""


class SunSpecReader:
    """Finds the models of one device once, then reads whole blocks."""

    def __init__(self, bus: RegisterBus) -> None:
        self.bus = bus
        self.found: Found | None = None

    async def scan(self) -> Found:
        """Walk the device's model chain. Raises `FrameRejected` not_found, endless; `DeviceTimeout`, `LinkLost`."""
        questions = scan()
        answer: Registers | None = None
        try:
            address, count = next(questions)
            for _ in range(QUESTIONS_LIMIT):
                answer = await self.bus.read(address, count)
                address, count = questions.send(answer)
        except StopIteration as end:
            self.found = end.value
        if self.found is None:
            raise FrameRejected("endless", detail="the chain of SunSpec models has no end")
        return self.found

    async def look(self) -> None:
        """See by its marker whether the device is there. Raises `FrameRejected` moved; `DeviceTimeout`, `LinkLost`."""
        found = self.found or await self.scan()
        marker = await self.bus.read(found.base, len(MARKER_WORDS))
        if marker is None or list(marker) != MARKER_WORDS:
            raise FrameRejected("moved", detail=f"the SunSpec marker is no longer at register {found.base}")

    async def models(self, *, only: frozenset[int] | None = None) -> list[Model]:
        """Read and decode the device's models (all, or those of the given ids); a refused block has no points.

        Raises `FrameRejected` moved when the device's map has changed since the scan.
        """
        found = self.found or await self.scan()
        wanted = [model for model in found.models if only is None or model.id in only]
        blocks = [(model, await self._block(model)) for model in wanted]
        return [
            Model(id=model.id, length=model.length, points={}) if block is None else decode_model(model.id, block)
            for model, block in blocks
        ]

    async def _block(self, model: ModelAt) -> bytes | None:
        """Return a model's data, None when the device refuses it; its id and length are read again with it."""
        parts: list[int] = []
        for address, count in split_requests(write=False, address=model.address, count=HEAD + model.length):
            registers = await self.bus.read(address, count)
            if registers is None:
                return None
            parts += registers
        if parts[:HEAD] != [model.id, model.length]:
            raise FrameRejected("moved", detail=f"model {model.id} is no longer at register {model.address}")
        return b"".join(register.to_bytes(2, "big") for register in parts[HEAD:])
