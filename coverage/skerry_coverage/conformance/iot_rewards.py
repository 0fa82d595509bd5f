"""Conformance kinds of density, reward units, emission split and packet cost."""

from decimal import Decimal
from typing import Any

from skerry_core.conformance import Kind
from skerry_coverage.conformance.shapes import Case, key
from skerry_coverage.iot.density import density_map
from skerry_coverage.iot.exact import plain
from skerry_coverage.iot.packet_dc import packet_dc
from skerry_coverage.iot.rewards import (
    RULES,
    Buckets,
    GatewayShares,
    Price,
    bones_to_dc,
    dc_to_bones,
    reward_epoch,
)
from skerry_coverage.iot.units import reward_units

__all__ = ["KINDS"]


def _reward_units(case: Case) -> dict[str, Any]:
    beaconer, witness = reward_units(case["witnesses"])
    return {"beaconer": f"{beaconer:.4f}", "witness": f"{witness:.4f}"}


def _hex_scale(case: Case) -> dict[str, Any]:
    density = density_map({int(cell, 16): count for cell, count in case["gateways"].items()}, case["table"])
    return {"scales": {cell: f"{density.scale(int(cell, 16)):.4f}" for cell in case["gateways"]}}


def _price(case: Case) -> dict[str, Any]:
    price = Price(oracle_price=case["oracle_price"], decimals=case["price_decimals"])
    return {"price_per_token": plain(price.per_token), "price_per_bone": plain(price.per_bone)}


def _dc_value(case: Case) -> dict[str, Any]:
    price = Decimal(case["price_per_bone"])
    if "dc" in case:
        return {"bones": plain(dc_to_bones(Decimal(case["dc"]), price))}
    return {"dc": str(bones_to_dc(Decimal(case["bones"]), price))}


def _split(case: Case) -> dict[str, Any]:
    buckets = Buckets.split(
        RULES[case["rules"]],
        emission_bones=case["emission_bones"],
        unused_dc_bones=Decimal(case["unused_dc_bones"]),
    )
    names = ("data_transfer", "beacon", "witness", "operations", "oracles")
    return {name: plain(getattr(buckets, name)) for name in names}


def _shares(case: Case) -> dict[str, Any]:
    addresses = {key(address): address for address in case["shares"]}
    result = reward_epoch(
        RULES[case["rules"]],
        emission_bones=case["emission_bones"],
        price=Price(oracle_price=case["oracle_price"], decimals=case["price_decimals"]),
        shares={
            binary: GatewayShares(**{name: Decimal(value) for name, value in case["shares"][address].items()})
            for binary, address in addresses.items()
        },
    )
    per_share = result.per_share
    return {
        "per_share": {name: plain(getattr(per_share, name)) for name in ("beacon", "witness", "dc")},
        "gateways": {
            addresses[binary]: {
                "beacon": payout.beacon_bones,
                "witness": payout.witness_bones,
                "dc": payout.dc_bones,
            }
            for binary, payout in result.gateways.items()
        },
        "poc_unallocated_bones": result.poc_unallocated_bones,
        "operations_bones": result.operations_bones,
        "oracles_unallocated_bones": result.oracles_unallocated_bones,
    }


def _packet_dc(case: Case) -> dict[str, Any]:
    dc = packet_dc(payload_bytes=case["payload_size"], packet_type=case["packet_type"], free=case["free"])
    return {"dc": dc}


KINDS: dict[str, Kind] = {
    "iot.reward_units": Kind(run=_reward_units),
    "iot.hex_scale": Kind(run=_hex_scale),
    "iot.rewards.price": Kind(run=_price),
    "iot.rewards.dc_value": Kind(run=_dc_value),
    "iot.rewards.split": Kind(run=_split),
    "iot.rewards.shares": Kind(run=_shares),
    "iot.packet_dc": Kind(run=_packet_dc),
}
