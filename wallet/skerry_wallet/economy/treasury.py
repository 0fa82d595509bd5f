"""Sub-DAO treasuries: redeeming IOT or MOBILE for HNT, the treasury price and its premium (sheet 1.9, 2.7)."""

from decimal import Context, Decimal
from fractions import Fraction

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["premium_percent", "redeem", "treasury_price_hnt"]

_CONTEXT = Context(prec=60)
_K_UNIT = 10**12


def redeem(*, treasury: int, supply: int, amount: int, k_12: int, freeze_s: int, now_s: int) -> int:
    """Return the bones paid for `amount` of `supply`: R - R·((S - dS)/S)^(1 + k), floored.

    `k_12` has 12 decimals. The deployed fixed point may fall short of this by one unit or a relative 1e-11. Raises
    `EconomyRejected` frozen (freeze_s <= now_s), then arithmetic_error (R = 0, S = 0, dS > S).
    """
    if freeze_s <= now_s:
        raise EconomyRejected("frozen", f"redemption ended at {freeze_s}")
    if treasury == 0 or supply == 0 or amount > supply:
        raise EconomyRejected("arithmetic_error", "empty treasury, empty supply or more than the supply")
    if amount == supply:
        return treasury
    if k_12 == 0:
        return treasury * amount // supply
    left = _CONTEXT.divide(Decimal(supply - amount), Decimal(supply))
    exponent = _CONTEXT.divide(Decimal(_K_UNIT + k_12), Decimal(_K_UNIT))
    kept = _CONTEXT.multiply(Decimal(treasury), _CONTEXT.power(left, exponent))
    return int(_CONTEXT.subtract(Decimal(treasury), kept))


def treasury_price_hnt(*, treasury: int, supply: int, treasury_decimals: int, supply_decimals: int) -> float:
    """Return R / S in whole tokens. Raises `EconomyRejected` arithmetic_error for an empty supply."""
    if supply == 0:
        raise EconomyRejected("arithmetic_error", "empty supply")
    return float(Fraction(treasury * 10**supply_decimals, supply * 10**treasury_decimals))


def premium_percent(market_price_hnt: Decimal, treasury_price: float) -> float:
    """Return how far the market is above the treasury price; redeeming pays when this is negative.

    Raises `EconomyRejected` arithmetic_error for an empty treasury.
    """
    if treasury_price == 0:
        raise EconomyRejected("arithmetic_error", "empty treasury")
    return (float(market_price_hnt) / treasury_price - 1) * 100
