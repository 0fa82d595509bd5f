"""HNT and data credits at the on-chain price account (sheet 1.8): 1 DC = $0.00001, rounding as the program's."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

from skerry_wallet.helium.constants import HNT_USD_FEED_HEX
from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["DcMint", "PriceUpdate", "dc_of_usd", "display_price", "mint_data_credits"]

PRICE_MAX_AGE_S = 600
_DC_DECIMALS = 5  # of a dollar: 1 DC = $0.00001
_HNT_DECIMALS = 8
_U64 = 2**64
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_DISPLAY_STEP = Decimal("0.000001")
_MAX_EXPONENT = 38  # beyond this a power of ten leaves 128 bits; the exponent is another program's data
_DOLLARS = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUpdate:
    """A Pyth price account; `receiver` names the program pair that owns it."""

    ema_price: int
    ema_conf: int
    exponent: int
    publish_time_s: int
    verification: Literal["full", "partial"]
    receiver: Literal["current", "legacy"]
    feed_hex: str

    @classmethod
    def from_account(cls, fields: dict[str, Any], *, receiver: Literal["current", "legacy"]) -> "PriceUpdate":
        """Return the price of a decoded `PriceUpdateV2` account."""
        return cls(
            ema_price=fields["ema_price"],
            ema_conf=fields["ema_conf"],
            exponent=fields["exponent"],
            publish_time_s=fields["publish_time"],
            verification="full" if fields["verification_level"] == "full" else "partial",
            receiver=receiver,
            feed_hex=fields["feed_id_hex"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DcMint:
    """A conversion: HNT burned (bones), DC minted, and the price used."""

    price_used: int
    hnt_amount: int
    dc_amount: int


def mint_data_credits(
    price: PriceUpdate, *, now_s: int, hnt_amount: int | None = None, dc_amount: int | None = None
) -> DcMint:
    """Convert one of bones or DC to the other at ema - 2 conf, floored.

    Raises `HeliumRejected`, in this order: invalid_price_oracle_owner, pyth_price_feed_stale (not fully verified),
    pyth_error (another feed), pyth_price_not_found (older than 600 s), price_not_positive, invalid_args (not exactly
    one amount), arithmetic_error (no price left, or a result beyond 64 bits).
    """
    _check_price(price, now_s)
    if (hnt_amount is None) == (dc_amount is None):
        raise HeliumRejected("invalid_args", "give either an HNT or a DC amount")
    used = price.ema_price - 2 * price.ema_conf
    shift = _HNT_DECIMALS - price.exponent - _DC_DECIMALS
    if used <= 0 or not 0 <= shift <= _MAX_EXPONENT:
        raise HeliumRejected("arithmetic_error", "the confidence interval leaves no price")
    factor = 10**shift
    if hnt_amount is not None:
        return DcMint(price_used=used, hnt_amount=hnt_amount, dc_amount=_u64(hnt_amount * used // factor))
    assert dc_amount is not None
    return DcMint(price_used=used, hnt_amount=_u64(dc_amount * factor // used), dc_amount=dc_amount)


def display_price(price: PriceUpdate, *, now_s: int) -> str:
    """Return the wallet's USD price of HNT: ema + 2 conf with 6 decimals, halves away from zero.

    Raises `HeliumRejected` too_old, negative, wrong_feed, arithmetic_error (an absurd exponent).
    """
    if price.publish_time_s + PRICE_MAX_AGE_S < now_s:
        raise HeliumRejected("too_old", f"the price is older than {PRICE_MAX_AGE_S} s")
    if price.ema_price < 0:
        raise HeliumRejected("negative", "the price is negative")
    if price.feed_hex != HNT_USD_FEED_HEX:
        raise HeliumRejected("wrong_feed", price.feed_hex)
    if abs(price.exponent) > _MAX_EXPONENT:
        raise HeliumRejected("arithmetic_error", f"exponent {price.exponent}")
    exact = Decimal(price.ema_price + 2 * price.ema_conf).scaleb(price.exponent, _EXACT)
    return format(exact.quantize(_DISPLAY_STEP, context=_EXACT), "f")


def dc_of_usd(usd: str) -> int:
    """Return the whole DC that a dollar amount buys. Raises `HeliumRejected` invalid_amount."""
    match = _DOLLARS.fullmatch(usd)
    if match is None:
        raise HeliumRejected("invalid_amount", f"expected dollars as a decimal, got {usd[:40]!r}")
    return int(match[1] + (match[2] or "")[:_DC_DECIMALS].ljust(_DC_DECIMALS, "0"))


def _check_price(price: PriceUpdate, now_s: int) -> None:
    checks = (
        (price.receiver != "current", "invalid_price_oracle_owner"),
        (price.verification != "full", "pyth_price_feed_stale"),
        (price.feed_hex != HNT_USD_FEED_HEX, "pyth_error"),
        (price.publish_time_s + PRICE_MAX_AGE_S < now_s, "pyth_price_not_found"),
        (price.ema_price <= 0, "price_not_positive"),
    )
    for failed, reason in checks:
        if failed:
            raise HeliumRejected(reason, "the price account is refused")


def _u64(value: int) -> int:
    if value >= _U64:
        raise HeliumRejected("arithmetic_error", "the result needs more than 64 bits")
    return value
