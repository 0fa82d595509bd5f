"""Kinds about claims, pending rewards, data credits, fees, automation and submission."""

from dataclasses import asdict

from skerry_core.conformance import Kind
from skerry_wallet.conformance.common import Given, Result, by_op, kind
from skerry_wallet.economy.breaker import Breaker
from skerry_wallet.helium import amounts, automation, batches, claims, data_credits, fees
from skerry_wallet.helium.pending import HotspotRewards, RewardSplit, SplitShare, wallet_pending
from skerry_wallet.helium.simulation_error import classify_simulation
from skerry_wallet.helium.transaction_decode import decode_transaction

__all__ = ["KINDS"]


def _distribute(given: Given) -> Result:
    paid, total = claims.distribute(given["slots"], given["total_rewards"])
    return {"paid": paid, "total_rewards": total}


def _set(given: Given) -> Result:
    slots = claims.set_current_rewards(
        claims.Slots(values=tuple(given["slots"]), version=given["recipient_version"]),
        distributor_version=given["distributor_version"],
        oracles=given["oracles"],
        oracle_index=given["oracle_index"],
        current_rewards=given["current_rewards"],
        may_shrink=given["call"] == "v0",
    )
    return {"slots": list(slots.values), "config_version": slots.version}


def _plan(given: Given) -> Result:
    plan = claims.plan_claim(
        given["oracle_values"], given["total_rewards"], wanted=given["wanted"], max_claim=given["max_claim"]
    )
    return asdict(plan)


def _max_claim(given: Given) -> Result:
    breaker = Breaker(
        window_s=given["window_s"],
        kind=given["type"],
        threshold=given["threshold"],
        last_value=given["last_value"],
        last_s=given["last_s"],
    )
    return {"max_claim": claims.max_claim(breaker, given["now_s"])}


def _pending(given: Given) -> Result:
    hotspots = [_hotspot(one) for one in given["hotspots"]]
    pending = asdict(wallet_pending(given["wallet"], hotspots, automation=given["automation"]))
    return {**pending, "by_hotspot": list(pending["by_hotspot"])}


def _hotspot(given: Given) -> HotspotRewards:
    split = given["fanout"]
    return HotspotRewards(
        entity_key=given["entity_key"],
        asset=given["asset"],
        oracle_values=tuple(given["oracle_values"]),
        paid=given["paid"],
        split=None if split is None else _split(split),
    )


def _split(given: Given) -> RewardSplit:
    shares = tuple(
        SplitShare(wallet=one["wallet"], delegate=one["delegate"], kind=one["type"], amount=one["amount"])
        for one in given["shares"]
    )
    return RewardSplit(token_account=given["token_account"], balance=given["balance"], shares=shares)


def _price(given: Given) -> data_credits.PriceUpdate:
    return data_credits.PriceUpdate(**given["price"])


def _mint(given: Given) -> Result:
    minted = data_credits.mint_data_credits(
        _price(given), now_s=given["now_s"], hnt_amount=given["hnt_amount"], dc_amount=given["dc_amount"]
    )
    return asdict(minted)


def _fee(given: Given) -> Result:
    transaction = decode_transaction(bytes.fromhex(given["transaction_hex"]))
    return asdict(fees.transaction_fee(transaction, given["cluster_fee"]))


def _priority_fee(given: Given) -> Result:
    return {"micro_lamports": fees.priority_fee(given["samples"], minimum=given["min"], maximum=given["max"])}


def _format(given: Given) -> Result:
    amount, decimals = given["amount"], given["decimals"]
    return {"text": amounts.format_amount(amount, decimals), "ui_amount": amounts.ui_amount(amount, decimals)}


def _periods(given: Given) -> Result:
    funds = automation.AutomationFunds(**{name: value for name, value in given.items() if name != "op"})
    return asdict(funds.periods())


def _batch_type(given: Given) -> Result:
    return {"type": batches.batch_type(given["transactions"], bundle=given["bundle"], parallel=given["parallel"])}


def _landed(given: Given) -> Result:
    statuses = [None if one is None else batches.LandedStatus(one["status"], one["error"]) for one in given["statuses"]]
    return {"landed": batches.landed(statuses, given["kinds"])}


def _simulation_error(given: Given) -> Result:
    return asdict(classify_simulation(given["message"], given["logs"]))


KINDS: dict[str, Kind] = {
    "wallet.claim": by_op(distribute=_distribute, set=_set, plan=_plan, max_claim=_max_claim),
    "wallet.pending": kind(_pending),
    "wallet.dc": by_op(
        mint=_mint,
        display_price=lambda given: {"price": data_credits.display_price(_price(given), now_s=given["now_s"])},
        usd=lambda given: {"dc_amount": data_credits.dc_of_usd(given["usd"])},
    ),
    "wallet.fee": by_op(
        transaction=_fee,
        total=lambda given: {"fee": sum(given["fees"])},
        required_balance=lambda given: {"lamports": fees.required_balance(given["fees"], given["rent"])},
        rent=lambda given: {"lamports": fees.rent_lamports(given["bytes"])},
    ),
    "wallet.priority_fee": kind(_priority_fee),
    "wallet.amount": by_op(
        format=_format, parse=lambda given: {"amount": amounts.parse_amount(given["text"], given["decimals"])}
    ),
    "wallet.schedule": kind(lambda given: {"cron": automation.cron_text(given["schedule"], given["now_s"])}),
    "wallet.automation": by_op(
        claim_pool_cost=lambda given: {"lamports": automation.claim_pool_cost(given["hotspots"])},
        cron_pool_cost=lambda given: {
            "lamports": automation.cron_pool_cost(
                min_crank_reward=given["min_crank_reward"], cron_transactions=given["cron_transactions"]
            )
        },
        periods=_periods,
    ),
    "wallet.batch": by_op(
        type=_batch_type,
        landed=_landed,
        expired=lambda given: {"expired": batches.is_expired(given["block_height"], given["last_valid_block_height"])},
        claim_tag=lambda given: {"tag": batches.claim_tag(given["wallet"], given["assets"])},
    ),
    "wallet.simulation_error": kind(_simulation_error),
}
