"""What to do next about one payment, given what the cluster says. Pure; every lie of a cluster is a row of a test.

The rule behind all of it: sending the same bytes is always safe, a second transaction is made only when the first can
no longer land and its marker is absent - and the marker refuses it even if both were lies.
"""

from dataclasses import dataclass
from enum import Enum

from skerry_wallet.cluster import SignatureStatus

__all__ = ["MAX_ATTEMPTS", "Decision", "MarkerState", "Observation", "decide"]

MAX_ATTEMPTS = 8  # ten minutes of expired blockhashes; then the cluster is not working for us


class MarkerState(Enum):
    """What the cluster says of the marker's address."""

    PRESENT = "present"
    ABSENT = "absent"  # no account, or somebody's lamports without the memo program as owner
    NONE = "none"  # the payment has no marker: one transaction, signed once


class Decision(Enum):
    """The next step."""

    FINAL = "final"
    PROVE = "prove"  # paid, it seems, but not by a transaction of ours that is known as landed: look for it
    SEND = "send"
    SIGN = "sign"  # a new transaction with a fresh blockhash
    WAIT = "wait"
    REFUSED = "refused"  # the cluster refuses the transaction itself; a later run may try again
    CONTRADICTION = "contradiction"  # said to have landed, but its marker never appeared: a person must look
    EXHAUSTED = "exhausted"  # expired without a trace, and nothing may be signed any more
    FAILED = "failed"  # it landed without effect, or was refused until it expired, and has no marker


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is known of one payment; `statuses` are those of its attempts, oldest first."""

    statuses: tuple[SignatureStatus | None, ...]
    marker: MarkerState
    block_height: int
    last_valid_block_height: int
    retry: bool  # a person decided to try again: one attempt more than the limit
    rejected: bool  # the newest attempt was refused by the cluster when it was sent in this run


def decide(seen: Observation) -> Decision:
    """Return the next step for a payment that is neither final nor unknown."""
    if seen.marker is MarkerState.NONE:
        return _decide_unmarked(seen)
    landed = [status for status in seen.statuses if status is not None and status.error is None]
    if seen.marker is MarkerState.PRESENT:
        if any(status.finalized for status in landed):
            return Decision.FINAL
        return Decision.WAIT if landed else Decision.PROVE
    if not seen.statuses:
        return Decision.SIGN
    expired = seen.block_height > seen.last_valid_block_height
    if landed:
        return Decision.CONTRADICTION if expired else Decision.WAIT
    if seen.rejected:
        return Decision.REFUSED
    newest = seen.statuses[-1]
    if newest is not None:  # it landed and failed, so it can never land again
        return Decision.REFUSED if not expired else _again(seen)
    return _again(seen) if expired else Decision.SEND


def _decide_unmarked(seen: Observation) -> Decision:
    """Without a marker nothing but silence tells what did not land, so nothing is ever signed a second time."""
    newest = seen.statuses[-1] if seen.statuses else None
    if newest is not None:
        if not newest.finalized:
            return Decision.WAIT
        return Decision.FINAL if newest.error is None else Decision.FAILED
    if not seen.statuses:
        return Decision.SIGN
    if seen.block_height > seen.last_valid_block_height:
        return Decision.FAILED if seen.rejected else Decision.EXHAUSTED
    return Decision.WAIT if seen.rejected else Decision.SEND


def _again(seen: Observation) -> Decision:
    return Decision.SIGN if seen.retry or len(seen.statuses) < MAX_ATTEMPTS else Decision.EXHAUSTED
