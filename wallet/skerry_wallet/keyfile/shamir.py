"""Shamir's secret sharing over GF(2^8) as Helium's sharded wallet files use it (sheet 5.1).

A share is x (1..255) followed by one y byte per secret byte; the field polynomial is x^8+x^4+x^3+x+1. Not constant
time: it runs on the owner's machine, over shares that are all present there.
"""

from collections.abc import Callable, Sequence

__all__ = ["combine", "split"]

_POLYNOMIAL = 0x11B
_GENERATOR = 3


def _tables() -> tuple[list[int], list[int]]:
    exponents, logarithms, value = [0] * 510, [0] * 256, 1
    for power in range(255):
        exponents[power] = exponents[power + 255] = value
        logarithms[value] = power
        doubled = value << 1
        value ^= doubled ^ _POLYNOMIAL if doubled & 0x100 else doubled  # times the generator 3 = x + 1
    return exponents, logarithms


_EXP, _LOG = _tables()


def split(secret: bytes, *, shares: int, needed: int, random_bytes: Callable[[int], bytes]) -> list[bytes]:
    """Return `shares` shares of which any `needed` give the secret back. Raises `ValueError` for other counts."""
    if not 1 <= needed <= shares <= 255:
        raise ValueError("needed shares must be from 1 to the number of shares, at most 255")
    coefficients = [secret, *(random_bytes(len(secret)) for _ in range(needed - 1))]
    return [bytes([x]) + _evaluate(coefficients, x) for x in range(1, shares + 1)]


def combine(shares: Sequence[bytes]) -> bytes:
    """Return the secret of shares with different x, none 0. Raises `ValueError`."""
    points = [share[0] for share in shares]
    if not shares or 0 in points or len(set(points)) != len(points) or len({len(share) for share in shares}) != 1:
        raise ValueError("shares must be distinct and of one length")
    secret = bytearray(len(shares[0]) - 1)
    for share in shares:
        weight = _weight_at_zero(share[0], points)
        for index, y in enumerate(share[1:]):
            secret[index] ^= _multiply(weight, y)
    return bytes(secret)


def _evaluate(coefficients: Sequence[bytes], x: int) -> bytes:
    result = bytearray(len(coefficients[0]))
    for coefficient in reversed(coefficients):
        for index, byte in enumerate(coefficient):
            result[index] = _multiply(result[index], x) ^ byte
    return bytes(result)


def _weight_at_zero(x: int, points: Sequence[int]) -> int:
    weight = 1
    for other in points:
        if other != x:
            weight = _multiply(weight, _divide(other, other ^ x))
    return weight


def _multiply(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _EXP[_LOG[a] + 255 - _LOG[b]] if a else 0
