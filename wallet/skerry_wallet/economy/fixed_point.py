"""The programs' fixed point: 18 decimals in 192 bits, with their own rounding (sheet 2.3)."""

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["ONE", "divide", "multiply", "to_fixed", "to_floor", "to_integer"]

ONE = 10**18
_HALF = ONE // 2
_LIMIT = 1 << 192


def to_fixed(integer: int) -> int:
    """Return an integer with 18 decimals."""
    return _checked(integer * ONE)


def multiply(a: int, b: int) -> int:
    """Return (a·b + ½) / 1 in units of 10^-18. Raises `EconomyRejected` arithmetic_error beyond 192 bits."""
    return _checked(a * b + _HALF) // ONE


def divide(a: int, b: int) -> int:
    """Return (a·1 + ½) / b; the constant ½ does not depend on b, so this is not half-up in general.

    Raises `EconomyRejected` arithmetic_error for b = 0 or beyond 192 bits.
    """
    if b == 0:
        raise EconomyRejected("arithmetic_error", "division by zero")
    return _checked(a * ONE + _HALF) // b


def to_integer(value: int) -> int:
    """Return the nearest integer, halves up."""
    return (value + _HALF) // ONE


def to_floor(value: int) -> int:
    """Return the integer part."""
    return value // ONE


def _checked(value: int) -> int:
    if value >= _LIMIT:
        raise EconomyRejected("arithmetic_error", "beyond 192 bits")
    return value
