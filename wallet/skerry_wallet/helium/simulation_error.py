"""Sorts failed simulations into classes that a person can act on (sheet 1.11)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SimulationError", "classify_simulation"]

_AMOUNTS = re.compile(r"insufficient lamports (\d+), need (\d+)", re.ASCII)
_FAILED_FOR_FUNDS = re.compile(r"Program (\S+) failed.*(?:insufficient|custom program error)")
_FAILED = re.compile(r"Program (\S+) failed")
_CUSTOM = re.compile(r'Custom[":]+\s*(\d+)', re.ASCII)
_BY_TEXT = (
    (("AccountNotFound",), "account_not_found"),
    (("InvalidAccountForFee",), "invalid_account_for_fee"),
    (("insufficient lamports", "insufficient funds"), "insufficient_funds"),
    (("BlockhashNotFound",), "blockhash_not_found"),
    (("already in use",), "account_already_in_use"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationError:
    """The class, and what the text gives away: lamports held and needed, failing program, custom error code."""

    category: str
    have: int | None = None
    need: int | None = None
    program: str | None = None
    code: int | None = None


def classify_simulation(message: str, logs: Sequence[str | None]) -> SimulationError:
    """Return the first matching class of an error text and its log lines."""
    lines = "\n".join(line or "" for line in logs)
    text = f"{message}\n{lines}"
    category = next((name for words, name in _BY_TEXT if any(word in text for word in words)), None)
    if category == "insufficient_funds":
        amounts, program = _AMOUNTS.search(text), _FAILED_FOR_FUNDS.search(text)
        return SimulationError(
            category=category,
            have=int(amounts[1]) if amounts else None,
            need=int(amounts[2]) if amounts else None,
            program=program[1] if program else None,
        )
    if category is not None:
        return SimulationError(category=category)
    custom = _CUSTOM.search(message)
    if custom is None:
        return SimulationError(category="other")
    program = _FAILED.search(lines)
    return SimulationError(
        category="custom_program_error", program=program[1] if program else None, code=int(custom[1])
    )
