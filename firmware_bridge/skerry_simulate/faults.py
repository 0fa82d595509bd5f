"""What goes wrong on a simulated link: loss, copies, delay, torn and junk bytes, floods. Emulators ask first."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from random import Random
from typing import Any, TypeVar

from skerry_core.errors import UsageError

__all__ = ["NO_FAULTS", "Faults", "Piece", "faults_from"]

Kind = TypeVar("Kind")

MOST_JUNK_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes to send, after a delay; `real` is False for junk and torn bytes, which nobody answers."""

    data: bytes
    delay_s: float = 0.0
    real: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Shares from 0 to 1 per message, `flood` = how many copies of each message, `delay_s` = delay of each."""

    loss: float = 0.0
    duplicate: float = 0.0
    torn: float = 0.0
    junk: float = 0.0
    delay_s: float = 0.0
    flood: int = 1

    def apply(self, message: bytes, random: Random) -> list[Piece]:
        """Return what really goes over the link instead of `message`."""
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
            values[name] = known[name](float(number or 1))
        except (KeyError, ValueError, OverflowError):
            remedy = f"Use NAME=NUMBER; known are {', '.join(sorted(known))}."
            raise UsageError("E_FAULT", f"{part!r} is no fault.", remedy=remedy) from None
    return kind(**values)
