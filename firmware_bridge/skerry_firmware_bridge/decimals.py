"""Exact decimals in plain notation: readings leave the codecs as `Decimal`, and are written without exponents."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["plain", "scaled"]

PLACES = Decimal("1E-12")
# 64-bit counters times 10^10 with 12 places need 42 digits
_CONTEXT = Context(prec=80, rounding=ROUND_HALF_EVEN)


def plain(value: Decimal | None) -> str | None:
    """Return the text of a finite decimal: no exponent, no trailing zeros, half-even at 12 decimals."""
    if value is None:
        return None
    text = format(value.quantize(PLACES, context=_CONTEXT), "f").rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def scaled(value: int, exponent: int) -> Decimal:
    """Return value x 10^exponent exactly."""
    return Decimal(value).scaleb(exponent, context=_CONTEXT)
