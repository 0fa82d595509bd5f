"""Token amounts as text and back, exactly; `ui_amount` is the float that other wallets also print."""

import re
from decimal import Decimal

from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["format_amount", "parse_amount", "ui_amount"]

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_EXACT_FLOAT_BITS = 53
_MAX_TEXT_LENGTH = 100  # 128-bit amounts have 39 digits


def format_amount(amount: int, decimals: int) -> str:
    """Return base units as decimal text without trailing zeros, and without a point when there is no fraction."""
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:].rstrip("0")) if decimals else (digits, "")
    return sign + whole + (f".{fraction}" if fraction else "")


def ui_amount(amount: int, decimals: int) -> float | None:
    """Return amount / 10^decimals, None when the magnitude needs more than 53 bits."""
    if abs(amount).bit_length() > _EXACT_FLOAT_BITS:
        return None
    return float(Decimal(amount).scaleb(-decimals))


def parse_amount(text: str, decimals: int) -> int:
    """Return exact base units of decimal text. Raises `HeliumRejected` invalid_amount or too_many_decimals."""
    match = _AMOUNT.fullmatch(text) if len(text) <= _MAX_TEXT_LENGTH else None
    if match is None:
        raise HeliumRejected("invalid_amount", f"expected digits with an optional point, got {text[:40]!r}")
    fraction = (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise HeliumRejected("too_many_decimals", f"at most {decimals} places")
    amount = int(match[2] + fraction.ljust(decimals, "0"))
    return -amount if match[1] else amount
