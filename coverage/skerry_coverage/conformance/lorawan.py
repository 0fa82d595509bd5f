"""Conformance kinds of the router's LoRaWAN rules."""

from collections.abc import Callable
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_coverage.conformance.shapes import Case
from skerry_coverage.lorawan.devaddr_alloc import AddressPool, Run
from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.mic import data_mics, full_frame_counter
from skerry_coverage.lorawan.netid import NetId, field_text, parse_field
from skerry_coverage.lorawan.routing import Route, SessionKey, choose_routes

__all__ = ["KINDS"]


def _mic(case: Case) -> dict[str, Any]:
    phy, session_key = bytes.fromhex(case["phy_hex"]), bytes.fromhex(case["session_key_hex"])
    counter = full_frame_counter(phy, session_key)
    return {
        "valid": counter is not None,
        "fcnt": counter,
        "mics_hex": [mic.hex() for mic in data_mics(phy, session_key)],
    }


def _route(case: Case) -> dict[str, Any]:
    choice = choose_routes(bytes.fromhex(case["phy_hex"]), [_read_route(route) for route in case["routes"]])
    return {
        "type": choice.type,
        "routes": [{"id": one.route.id, "max_copies": one.max_copies} for one in choice.deliveries],
        "skipped": [{"id": one.route.id, "reason": one.reason} for one in choice.skipped],
        "reported": choice.reported,
    }


def _read_route(case: Case) -> Route:
    return Route(
        id=case["id"],
        oui=case["oui"],
        net_id=parse_field("net_id", case["net_id"]),
        max_copies=case["max_copies"],
        active=case["active"],
        locked=case["locked"],
        ignore_empty_skf=case["ignore_empty_skf"],
        dev_addr_ranges=[_run(pair) for pair in case["dev_addr_ranges"]],
        eui_pairs=[(parse_field("eui", app), parse_field("eui", dev)) for app, dev in case["eui_pairs"]],
        session_keys=[
            SessionKey(
                dev_addr=parse_field("dev_addr", one["dev_addr"]),
                key=bytes.fromhex(one["session_key_hex"]),
                max_copies=one["max_copies"],
            )
            for one in case["session_keys"]
        ],
    )


def _netid(case: Case) -> dict[str, Any]:
    if "dev_addr" in case:
        network = NetId.of_dev_addr(parse_field("dev_addr", case["dev_addr"]))
        return {"net_id": field_text("net_id", network.value)}
    network = NetId(parse_field("net_id", case["net_id"]))
    if "index" in case:
        return {"dev_addr": field_text("dev_addr", network.dev_addr(case["index"]))}
    return {
        "type": network.type,
        "nwk_id": network.nwk_id,
        "first_dev_addr": field_text("dev_addr", network.first_dev_addr),
        "last_dev_addr": field_text("dev_addr", network.last_dev_addr),
        "size": network.size,
    }


def _field(case: Case) -> dict[str, Any]:
    if "value" in case:
        return {"text": field_text(case["field"], case["value"])}
    return {"value": parse_field(case["field"], case["text"])}


def _devaddr_alloc(case: Case) -> dict[str, Any]:
    named = {*case["used"], *(request["net_id"] for request in case["requests"])}
    pools = {
        name: AddressPool(NetId(parse_field("net_id", name)), [_run(pair) for pair in case["used"].get(name, [])])
        for name in named
    }
    results = [_allocate(pools[request["net_id"]], request) for request in case["requests"]]
    return {
        "results": results,
        "used": {name: [_run_text(run) for run in pool.runs] for name, pool in pools.items()},
        "used_count": {name: pool.used_count for name, pool in pools.items()},
    }


def _allocate(pool: AddressPool, request: Case) -> dict[str, Any] | None:
    if "release" in request:
        pool.release(*_run(request["release"]))
        return None
    try:
        return {"ranges": [_run_text(run) for run in pool.allocate(request["allocate"])]}
    except LorawanRefused as error:
        return {"error": error.reason}


def _run(pair: list[str]) -> Run:
    first, last = pair
    return parse_field("dev_addr", first), parse_field("dev_addr", last)


def _run_text(run: Run) -> list[str]:
    return [field_text("dev_addr", address) for address in run]


def _with_reason(function: Callable[[Case], dict[str, Any]]) -> Kind:
    def run(case: Case) -> dict[str, Any]:
        try:
            return function(case)
        except LorawanRefused as error:
            raise CaseError(error.reason) from None

    return Kind(run=run)


KINDS: dict[str, Kind] = {
    "lorawan.mic": Kind(run=_mic),
    "lorawan.route": _with_reason(_route),
    "lorawan.netid": _with_reason(_netid),
    "lorawan.field": _with_reason(_field),
    "lorawan.devaddr_alloc": _with_reason(_devaddr_alloc),
}
