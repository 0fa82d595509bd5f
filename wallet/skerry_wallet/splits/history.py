"""The changes of split agreements, oldest first, and what is in force by them. Nothing is deleted: undo is a change.

For every epoch the newest change that covers it counts. A removal is a change too: from its epoch on there is no split.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from skerry_wallet.splits.agreement import Agreement

__all__ = ["Change", "in_force", "standing", "undoable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change; a removal is an agreement without shares, an undo names the change that it takes back."""

    number: int
    at_s: int
    kind: Literal["set", "remove", "undo"]
    agreement: Agreement
    undoes: int | None = None


def standing(changes: Sequence[Change], hotspot: str) -> list[Change]:
    """Return a hotspot's changes that were not taken back, oldest first."""
    undone = {change.undoes for change in changes if change.kind == "undo"}
    mine = [change for change in changes if change.agreement.hotspot == hotspot and change.kind != "undo"]
    return [change for change in mine if change.number not in undone]


def in_force(changes: Sequence[Change], hotspot: str, epoch: int) -> Change | None:
    """Return the change whose agreement divides a hotspot's rewards of an epoch, None where nothing is split."""
    found = [change for change in standing(changes, hotspot) if change.agreement.covers(epoch)]
    return found[-1] if found and found[-1].kind == "set" else None


def undoable(changes: Sequence[Change], hotspot: str) -> Change | None:
    """Return the change that an undo would take back."""
    found = standing(changes, hotspot)
    return found[-1] if found else None
