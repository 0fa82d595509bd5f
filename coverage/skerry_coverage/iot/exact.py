"""Exact decimal arithmetic: every rounding is named, nothing depends on the process's default context."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

__all__ = ["EXACT", "ceil_places", "floor_places", "half_even", "plain", "whole"]

EXACT = Context(
    prec=120
)  # sums and products of amounts need 60 digits; 120 leaves room for any quotient before rounding


def half_even(value: Decimal, places: int) -> Decimal:
    """Round to a number of places, halves to even (HIP-15 and HIP-17 as deployed)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=EXACT)


def ceil_places(value: Decimal, places: int) -> Decimal:
    """Round toward plus infinity at a number of places."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING, context=EXACT)


def floor_places(value: Decimal, places: int) -> Decimal:
    """Round toward minus infinity at a number of places."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_FLOOR, context=EXACT)


def whole(value: Decimal) -> int:
    """Cut toward zero to a whole number."""
    return int(value.quantize(Decimal(1), rounding=ROUND_DOWN, context=EXACT))


def plain(value: Decimal) -> str:
    """Return plain decimal text without exponent and trailing zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
