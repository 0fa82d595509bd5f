"""`skerry economy`: the token arithmetic of the networks, with exact integers in base units."""

import re
from decimal import Decimal
from typing import Any

import click

from skerry_agent.cli.context import json_option, show, table

__all__ = ["economy"]

_TOKENS = click.Choice(["hnt", "iot", "mobile", "hst"])
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,18})?", re.ASCII)


class _Exact(click.ParamType[Decimal]):
    """A decimal number, kept exactly."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not _NUMBER.fullmatch(str(value)):
            self.fail(f"{str(value)[:40]!r} is no plain decimal number", param, ctx)
        return Decimal(value)


EXACT = _Exact()
COUNT = click.IntRange(min=0)

# The table of 2024-08 (wallet-economics 2.3): veHNT (the printed table cuts its fraction), DC burned, fees in USD.
_WORKED_SCORES = {
    "IOT": (Decimal("598502751.688"), 9_780_594, Decimal("14250808.50")),
    "MOBILE": (Decimal("624148052.794"), 552_799_701, Decimal(194_010)),
}


@click.group()
def economy() -> None:
    """Token arithmetic: what the chain's programs compute, to the last unit."""


@economy.command("utility-score")
@click.option("--vehnt", type=EXACT, help="veHNT delegated to the sub-DAO, in whole veHNT.")
@click.option("--dc-burned", type=COUNT, default=0, show_default=True, help="Data credits burned in the epoch.")
@click.option("--fees-usd", type=EXACT, default="0", show_default=True, help="Onboarding fees ever paid, in dollars.")
@click.option("--rule", type=click.Choice(["hip-51", "hip-141"]), default="hip-51", show_default=True,
              help="hip-51: veHNT x sqrt(DC burned in USD) x 4th root(fees in USD). hip-141: veHNT alone.")  # fmt: skip
@json_option
def utility_score(*, vehnt: Decimal | None, dc_burned: int, fees_usd: Decimal, rule: str, as_json_: bool) -> None:
    """Compute a sub-DAO's utility score; without any option, those of the table of 2024-08 as worked examples.

    \b
    The table, IOT 363,670,976,926 and MOBILE 973,929,562,628:
      skerry economy utility-score --vehnt 598502751.688 --dc-burned 9780594 --fees-usd 14250808.50
      skerry economy utility-score --vehnt 624148052.794 --dc-burned 552799701 --fees-usd 194010
    """
    from skerry_wallet.economy import utility_score as scores

    if vehnt is None:
        if dc_burned or fees_usd or rule != "hip-51":
            raise click.UsageError("Name the veHNT too: --vehnt NUMBER. Without any option you see worked examples.")
        rows = [
            {"subdao": name, "vehnt": f"{v:f}", "dc_burned": dc, "fees_usd": f"{fees:f}", "score": round(
                scores.utility_score(vehnt=v, dc_burned=dc, onboarding_fees_usd=fees).score)}
            for name, (v, dc, fees) in _WORKED_SCORES.items()
        ]  # fmt: skip
        show({"rule": rule, "examples": rows}, json_wanted=as_json_,
             text=lambda: table(tuple(rows[0]), [tuple(row.values()) for row in rows]))  # fmt: skip
        return
    if rule == "hip-141":
        score = scores.vote_score(int(vehnt.scaleb(8)))
        found: dict[str, Any] = {"rule": rule, "score": score // 10**12, "score_12_decimals": score}
    else:
        made = scores.utility_score(vehnt=vehnt, dc_burned=dc_burned, onboarding_fees_usd=fees_usd)
        found = {
            "rule": rule,
            "score": round(made.score),
            "score_12_decimals": int(made.score.scaleb(12)),
            "factor_vehnt": f"{made.factor_v:f}",
            "factor_dc": f"{made.factor_d:.12f}",
            "factor_fees": f"{made.factor_a:.12f}",
        }
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@economy.command()
@click.option("--token", type=_TOKENS, default="hnt", show_default=True)
@click.option("--epoch", type=COUNT, help="Day number since 1970-01-01 UTC; without it: today.")
@json_option
def emission(*, token: str, epoch: int | None, as_json_: bool) -> None:
    """Say how much a token's schedule emits in an epoch (a UTC day), in base units; `hst` is a percentage."""
    from skerry_core.clock import SystemClock
    from skerry_wallet.economy.emission import epoch_emission
    from skerry_wallet.economy.epochs import epoch_of
    from skerry_wallet.helium.amounts import format_amount
    from skerry_wallet.helium.constants import DECIMALS

    day = epoch_of(SystemClock().wall_s()) if epoch is None else epoch
    amount = epoch_emission(token, day)
    whole = None if amount is None else format_amount(amount, DECIMALS.get(token, 0))
    found = {"token": token, "epoch": day, "base_units": amount, "tokens": whole}
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@economy.command("net-emission")
@click.option("--burned", type=COUNT, required=True, help="HNT burned in the epoch, in bones.")
@click.option("--previous-smoothed", type=COUNT, help="The former epoch's smoothed burn, in bones.")
@json_option
def net_emission(*, burned: int, previous_smoothed: int | None, as_json_: bool) -> None:
    """Smooth a burn over seven days and cap what is emitted again."""
    from skerry_wallet.economy.net_emission import NET_EMISSION_CAP_BONES, smooth_burn

    smoothed = smooth_burn(previous_smoothed, burned)
    found = {
        "smoothed_bones": smoothed,
        "cap_bones": NET_EMISSION_CAP_BONES,
        "re_emission_bones": min(smoothed, NET_EMISSION_CAP_BONES),
    }
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@economy.command()
@click.option("--treasury", "treasury_bones", type=COUNT, required=True, help="HNT in the treasury, in bones.")
@click.option("--supply", type=COUNT, required=True, help="Supply of IOT or MOBILE, in base units.")
@click.option("--redeem", "amount", type=COUNT, required=True, help="How much of it is handed in, in base units.")
@click.option("--market-hnt", type=EXACT, help="The token's market price in HNT, for the premium.")
@json_option
def treasury(*, treasury_bones: int, supply: int, amount: int, market_hnt: Decimal | None, as_json_: bool) -> None:
    """Say what a redemption pays, the treasury's price and the market's premium over it.

    The program does not enforce the expected output: other redemptions before yours change what you get.
    """
    from skerry_core.errors import UsageError
    from skerry_wallet.economy.errors import EconomyRejected
    from skerry_wallet.economy.treasury import premium_percent, redeem, treasury_price_hnt

    try:
        paid = redeem(treasury=treasury_bones, supply=supply, amount=amount, k_12=0, freeze_s=1, now_s=0)
        price = treasury_price_hnt(treasury=treasury_bones, supply=supply, treasury_decimals=8, supply_decimals=6)
        premium = None if market_hnt is None else premium_percent(market_hnt, price)
    except EconomyRejected as error:
        raise UsageError("E_ECONOMY", f"That cannot be computed: {error}.") from error
    found = {"paid_bones": paid, "price_hnt": f"{price:.11f}"}
    if premium is not None:
        found["premium_percent"] = f"{premium:.2f}"
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@economy.command()
@click.option("--emission", "emission_bones", type=COUNT, required=True, help="Scheduled HNT of the epoch, in bones.")
@click.option("--smoothed", type=COUNT, required=True, help="Smoothed burn, in bones.")
@click.option("--dc-burned", type=COUNT, required=True, help="Data credits that Mobile burned.")
@click.option("--share", type=click.IntRange(0, 2**32 - 1), required=True, help="Mobile's share times 2^32 - 1.")
@click.option("--ema-price", type=click.IntRange(min=1), required=True, help="HNT price (ema), with 8 decimals.")
@click.option("--ema-conf", type=COUNT, default=0, show_default=True, help="Its confidence, with 8 decimals.")
@json_option
def hip149(
    *, emission_bones: int, smoothed: int, dc_burned: int, share: int, ema_price: int, ema_conf: int, as_json_: bool
) -> None:
    """Compute HIP-149's floor (top-up) and cap of the Mobile data bucket for one epoch, in bones."""
    from skerry_core.errors import UsageError
    from skerry_wallet.economy.backstop import overflow, top_up
    from skerry_wallet.economy.errors import EconomyRejected
    from skerry_wallet.economy.net_emission import NET_EMISSION_CAP_BONES

    try:
        made = top_up(
            emission=emission_bones,
            smoothed=smoothed,
            net_cap=NET_EMISSION_CAP_BONES,
            dc_burned=dc_burned,
            share=share,
            factor=10**11,  # HNT has 8 decimals, the price 8 more, a data credit is 10^-5 dollars
            price_floor=ema_price - 2 * ema_conf,
            price_cap=ema_price,
        )
    except EconomyRejected as error:
        raise UsageError("E_ECONOMY", f"That cannot be computed: {error}.") from error
    rewards = made.total_rewards * share // (2**32 - 1)
    found = {
        "re_emission": made.re_emission,
        "cap_hnt": made.cap_hnt,
        "top_up": made.top_up,
        "total_rewards": made.total_rewards,
        "mobile_rewards": rewards,
        "overflow_to_delegators": overflow(rewards, made.cap_hnt, rewards),
    }
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))
