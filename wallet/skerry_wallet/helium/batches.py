"""Submission of transaction batches: their type, whether they landed, expiry, and the tag against duplicates."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["LandedStatus", "batch_type", "claim_tag", "is_expired", "landed"]

_TIP = "jito_tip"
_TAG_DIGITS = 16


@dataclass(frozen=True, slots=True)
class LandedStatus:
    """What a cluster says of one transaction: processed, confirmed or finalized, and whether it failed."""

    status: str
    error: bool


def batch_type(transactions: int, *, bundle: bool, parallel: bool) -> str:
    """Return how a batch is submitted: single, jito_bundle, parallel or sequential."""
    if transactions == 1:
        return "single"
    if bundle:
        return "jito_bundle"
    return "parallel" if parallel else "sequential"


def landed(statuses: Sequence[LandedStatus | None], kinds: Sequence[str] | None) -> bool:
    """Say whether every transaction but tips (every one, if all are tips) is confirmed without error."""
    names = list(kinds or [])
    names += [""] * (len(statuses) - len(names))
    wanted = [status for status, name in zip(statuses, names, strict=False) if name != _TIP] or list(statuses)
    return bool(wanted) and all(
        status is not None and not status.error and status.status in {"confirmed", "finalized"} for status in wanted
    )


def is_expired(block_height: int, last_valid_block_height: int) -> bool:
    """Say whether a blockhash can no longer be accepted."""
    return block_height > last_valid_block_height


def claim_tag(wallet: str, assets: Iterable[str]) -> str:
    """Return the tag under which a wallet may have one pending claim of these assets."""
    digest = hashlib.sha256(",".join(sorted(assets)).encode()).hexdigest()
    return f"claim_rewards:{wallet}:{digest[:_TAG_DIGITS]}"
