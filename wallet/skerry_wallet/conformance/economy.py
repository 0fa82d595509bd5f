"""Kinds about emission, sub-DAO arithmetic, breakers, splits, treasuries and votes."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from skerry_core.conformance import Kind, equal
from skerry_wallet.conformance.common import Given, Result, by_op, kind
from skerry_wallet.economy import (
    backstop,
    delegation,
    emission,
    net_emission,
    subdao_share,
    supplement,
    treasury,
    utility_score,
)
from skerry_wallet.economy.breaker import Breaker
from skerry_wallet.economy.claim_bitmap import ClaimBitmap
from skerry_wallet.economy.epochs import epoch_of
from skerry_wallet.economy.fanout import FanoutShare, distribute
from skerry_wallet.economy.vehnt import VotingConfig, voting_weight

__all__ = ["KINDS"]


def _without_op(given: Given) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "op"}


def _epoch_emission(given: Given) -> Result:
    names = {"hnt": "hnt", "iot": "iot", "mobile": "mobile", "hst_percent": "hst"}
    return {field: emission.epoch_emission(token, given["epoch"]) for field, token in names.items()}


def _smooth(given: Given) -> Result:
    smoothed = net_emission.smooth_burn(given["prev_smoothed"], given["burned"])
    return {"smoothed": smoothed, "re_emission": min(smoothed, given["net_cap"])}


def _display(given: Given) -> Result:
    smoothed, re_emission = net_emission.smooth_burn_hnt(given["prev_smoothed_hnt"], given["burned_hnt"])
    return {"smoothed_hnt": float(smoothed), "re_emission_hnt": float(re_emission)}


def _epoch_totals(given: Given) -> Result:
    return asdict(net_emission.epoch_totals(net_emission.EpochSupply(**_without_op(given))))


def _breaker(given: Given) -> Result:
    breaker = Breaker(
        window_s=given["window_s"],
        kind=given["type"],
        threshold=given["threshold"],
        last_value=given["last_value"],
        last_s=given["last_s"],
    )
    return asdict(breaker.check(given["amount"], now_s=given["now_s"], value=given["value"]))


def _fanout(given: Given) -> Result:
    shares = [
        FanoutShare(
            kind=one["type"],
            amount=one["amount"],
            dust=one["dust"],
            owed=one["owed"],
            has_account=one["has_account"],
        )
        for one in given["shares"]
    ]
    result = distribute(given["balance"], shares)
    return {
        "paid": list(result.paid),
        "dust": [share.dust for share in result.shares],
        "owed": [share.owed for share in result.shares],
        "left": result.left,
    }


def _product(given: Given) -> Result:
    score = utility_score.utility_score(
        vehnt=Decimal(given["vehnt"]),
        dc_burned=given["dc_burned"],
        onboarding_fees_usd=Decimal(given["onboarding_fees_usd"]),
    )
    return {name: float(value) for name, value in asdict(score).items()}


def _shares(given: Given) -> Result:
    shares = utility_score.score_shares(
        given["scores"], hst_percent=given["hst_percent"], emission_bones=given["emission_bones"]
    )
    return {name: list(values) for name, values in asdict(shares).items()}


def _converge(given: Given) -> Result:
    share = subdao_share.converge(given["score"], given["total_score"], given["prev_share"], given["epochs"])
    return {"new_share": share}


def _supplement_at(given: Given) -> Result:
    amount = supplement.supplement_at(given["now_s"])
    return {"amount": amount, **_council({"amount": amount})}


def _council(given: Given) -> Result:
    council, vault = supplement.council_cut(given["amount"])
    return {"council": council, "vault": vault}


def _redeem(given: Given) -> Result:
    names = ("treasury", "supply", "amount", "k_12", "freeze_s", "now_s")
    return {"paid": treasury.redeem(**{name: given[name] for name in names})}


def _same_within_fixed_point(expected: Any, got: Any) -> bool:
    """KINDS-wallet economy.treasury: the deployed arithmetic falls short by up to one unit or a relative 1e-11."""
    if isinstance(expected, dict) and isinstance(got, dict) and "paid" in expected and "paid" in got:
        return bool(abs(expected["paid"] - got["paid"]) <= max(1, got["paid"] // 10**11 + 1))
    return equal(expected, got)


def _treasury_price(given: Given) -> float:
    names = ("treasury", "supply", "treasury_decimals", "supply_decimals")
    return treasury.treasury_price_hnt(**{name: given[name] for name in names})


def _premium(given: Given) -> Result:
    percent = treasury.premium_percent(Decimal(given["market_price_hnt"]), _treasury_price(given))
    return {"premium_percent": percent, "arbitrage": "redeem" if percent < 0 else "none"}


def _delegation_claim(given: Given) -> Result:
    proposals = [
        None if one is None else delegation.Proposal(one["proposal"], one["ts_s"]) for one in given["proposals"] or ()
    ]
    names = ("position_vehnt", "total_vehnt", "rewards_issued", "pool_balance", "expiration_s", "epoch")
    voted, epoch = given["voted"] or (), given["epoch"]
    return {
        "amount": delegation.delegation_reward(**{name: given[name] for name in names}),
        "action": "burn" if delegation.reward_is_burned(proposals, voted, epoch) else "transfer",
        "eligible_proposals": delegation.eligible_proposals(proposals, voted, epoch),
    }


def _claim_bitmap(given: Given) -> Result:
    state = ClaimBitmap(
        last_claimed_epoch=given["last_claimed_epoch"], bitmap=int.from_bytes(bytes.fromhex(given["bitmap_hex"]))
    )
    answers = []
    for step in given["steps"]:
        ((action, epoch),) = step.items()
        match action:
            case "claim":
                state = state.claim(epoch)
            case "unclaim":
                state = state.unclaim(epoch)
            case _:
                answers.append(state.is_claimed(epoch))
    return {
        "last_claimed_epoch": state.last_claimed_epoch,
        "bitmap_hex": state.bitmap.to_bytes(16).hex(),
        "answers": answers,
    }


def _vehnt(given: Given) -> Result:
    config_names = ("baseline", "extra", "genesis_multiplier", "saturation_s")
    names = ("amount", "kind", "start_s", "end_s", "genesis_end_s", "now_s")
    config = VotingConfig(**{name: given[name] for name in config_names})
    return {"weight": voting_weight(config, **{name: given[name] for name in names})}


KINDS: dict[str, Kind] = {
    "wallet.emission": by_op(
        epoch=_epoch_emission,
        time=lambda given: {"value": emission.emission_at(given["token"], given["time_s"])},
        hip20_year=lambda given: asdict(emission.hip20_year(given["year"])),
        epoch_of=lambda given: {"epoch": epoch_of(given["time_s"])},
    ),
    "wallet.net_emission": by_op(smooth=_smooth, display=_display, epoch=_epoch_totals),
    "wallet.breaker": kind(_breaker),
    "wallet.fanout": kind(_fanout),
    "economy.utility_score": by_op(
        product=_product,
        vehnt=lambda given: {"score": utility_score.vote_score(given["vehnt_bones"])},
        shares=_shares,
    ),
    "economy.subdao_share": by_op(
        issue=lambda given: asdict(subdao_share.issue_rewards(**_without_op(given))),
        converge=_converge,
        initial=lambda given: {"prev_share": subdao_share.initial_share(**_without_op(given))},
    ),
    "economy.backstop": by_op(
        top_up=lambda given: asdict(backstop.top_up(**_without_op(given))),
        overflow=lambda given: {"overflow": backstop.overflow(given["rewards"], given["cap_hnt"], given["escrow"])},
    ),
    "economy.supplement": by_op(
        at=_supplement_at,
        council=_council,
        sum=lambda given: {"total": supplement.supplement_sum(**_without_op(given))},
    ),
    "economy.treasury": by_op(
        _same_within_fixed_point,
        redeem=_redeem,
        price=lambda given: {"price_hnt": _treasury_price(given)},
        premium=_premium,
    ),
    "economy.delegation": by_op(
        claim=_delegation_claim,
        expiry=lambda given: {"end_epoch": delegation.delegation_end_epoch(given["expiration_s"])},
    ),
    "economy.claim_bitmap": kind(_claim_bitmap),
    "economy.vehnt": kind(_vehnt),
}
