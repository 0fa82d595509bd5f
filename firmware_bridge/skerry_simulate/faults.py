"""What goes wrong on a simulated link: loss, copies, delay, torn and junk bytes, floods. Emulators ask first.

The same set for every family; `devices.firmware.LineFaults` adds what only a line of bytes can do.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from random import Random
from typing import Any, TypeVar

from skerry_core.errors import UsageError

__all__ = ["NO_FAULTS", "Faults", "Piece", "faults_from"]

Kind = TypeVar("Kind")

MOST_JUNK_BYTES = 200
WRONG_BITS = 0x15
MOST_SECONDS, MOST_TIMES = 86_400, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes to send, after a delay; `real` is False for junk and torn bytes, which nobody answers."""

    data: bytes
    delay_s: float = 0.0
    real: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Shares from 0 to 1 per message, `flood` = how many copies of each message, `delay_s` = delay of each.

    `corrupt` = share of messages with one wrong byte (a wrong checksum), `stuck` = the device takes everything and says
    nothing, `reset_s` and `unplug_s` = how often it starts anew or is unplugged for a moment, 0 = never (`accidents`).
    """

    loss: float = 0.0
    duplicate: float = 0.0
    torn: float = 0.0
    junk: float = 0.0
    delay_s: float = 0.0
    flood: int = 1
    corrupt: float = 0.0
    stuck: bool = False
    reset_s: float = 0.0
    unplug_s: float = 0.0

    def pieces(self, message: bytes, random: Random) -> list[Piece]:
        """Return what really is sent instead of a message, with every fault of the message."""
        if self.stuck or not message:
            return []
        if self.corrupt and random.random() < self.corrupt:  # nothing is drawn in vain: seeds keep their meaning
            at = random.randrange(len(message))
            message = message[:at] + bytes([message[at] ^ WRONG_BITS]) + message[at + 1 :]
        return self.apply(message, random)

    def apply(self, message: bytes, random: Random) -> list[Piece]:
        """Return what loss, copies, torn and junk bytes leave of a message."""
        pieces = []
        if random.random() < self.junk:
            pieces.append(Piece(data=random.randbytes(random.randint(1, MOST_JUNK_BYTES)), real=False))
        if random.random() < self.loss:
            return pieces
        copies = self.flood + (random.random() < self.duplicate)
        if random.random() < self.torn:
            pieces.append(Piece(data=message[: random.randrange(len(message))], delay_s=self.delay_s, real=False))
            copies -= 1
        return pieces + [Piece(data=message, delay_s=self.delay_s)] * copies


NO_FAULTS = Faults()


def faults_from(kind: type[Kind], text: str) -> Kind:
    """Return the faults of a text such as `loss=0.2,single_bytes` as the dataclass `kind`. Raises `UsageError`."""
    kinds: dict[object, Callable[[float], object]] = {int: int, bool: bool}
    known = {spec.name: kinds.get(spec.type, float) for spec in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    values: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.strip().partition("=")
        try:
            kind_of = known[name]
            # a flag or a count alone means one; a share or seconds alone would mean all, or hardly anything
            said = number or ("" if kind_of is float else "1")
            values[name] = kind_of(_within(name, kind_of, float(said)))
        except (KeyError, ValueError):
            remedy = f"Use NAME=NUMBER, shares from 0 to 1; known are {', '.join(sorted(known))}."
            what = f"{number!r} cannot be the number of the fault {name}" if name in known else f"{part!r} is no fault"
            raise UsageError("E_FAULT", f"{what}.", remedy=remedy) from None
    return kind(**values)


def _within(name: str, kind: Callable[[float], object], number: float) -> float:
    """Return the number if it can be meant: seconds, a count, or a share. Raises `ValueError`."""
    most = MOST_SECONDS if name.endswith("_s") else MOST_TIMES if kind is int else 1
    if not 0 <= number <= most:  # NaN neither
        raise ValueError(name)
    return number
