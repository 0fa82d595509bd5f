"""Conformance kinds of the verifier's checks: single comparisons, and whole tables in order."""

import hashlib
from dataclasses import dataclass
from typing import Any

from skerry_core.conformance import Kind
from skerry_coverage.conformance.shapes import Case, beacon_facts, denylist, gateway, key, witness_report
from skerry_coverage.iot.beacon_rules import BEACON_RULES
from skerry_coverage.iot.checks import (
    frequency_offset_hz,
    in_entropy_window,
    is_new_interval,
    lag_and_limit_ms,
    too_far,
    too_near,
)
from skerry_coverage.iot.denylist import edge_hash, node_hash
from skerry_coverage.iot.geometry import distance_m, expected_signal_dbm, free_space_loss_db, grid_cells
from skerry_coverage.iot.ids import payload_hash, report_id
from skerry_coverage.iot.judge import denylist_tag
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.rules import Judgement, first_failure
from skerry_coverage.iot.selection import select_witnesses
from skerry_coverage.iot.witness_facts import WitnessFacts
from skerry_coverage.iot.witness_rules import WITNESS_RULES

__all__ = ["KINDS"]

_PARAMETERS = PocParameters()


def _check(reason: str | None) -> dict[str, Any]:
    return {"valid": reason is None, "reason": reason}


def _entropy_window(case: Case) -> dict[str, Any]:
    start_s = case["start_ms"] // 1000
    fresh = in_entropy_window(start_s, case["end_ms"] // 1000 - start_s, case["received_ms"])
    return _check(None if fresh else "entropy_expired")


def _interval(case: Case) -> dict[str, Any]:
    return _check(None if is_new_interval(**case) else "irregular_interval")


def _lag(case: Case) -> dict[str, Any]:
    lag, limit = lag_and_limit_ms(
        case["beacon_received_ms"], case["first_witness_received_ms"], case["received_ms"], _PARAMETERS
    )
    return _check("too_late" if lag > limit else None)


def _frequency(case: Case) -> dict[str, Any]:
    offset = frequency_offset_hz(case["beacon_frequency_hz"], case["witness_frequency_hz"])
    return _check("invalid_frequency" if offset > _PARAMETERS.max_frequency_offset_hz else None)


def _distance(case: Case) -> dict[str, Any]:
    a, b = int(case["a"], 16), int(case["b"], 16)
    reason = "max_distance_exceeded" if too_far(a, b, _PARAMETERS.max_distance_km) else None
    if too_near(a, b, _PARAMETERS.min_distance_cells):
        reason = "below_min_distance"
    return {"distance_m": distance_m(a, b), "cells": grid_cells(a, b), **_check(reason)}


def _path_loss(case: Case) -> dict[str, Any]:
    return {"path_loss_db": free_space_loss_db(case["distance_m"], case["frequency_hz"])}


def _rssi(case: Case) -> dict[str, Any]:
    expected = expected_signal_dbm(
        case["tx_power_dbm"],
        case["beacon_gain_ddbi"],
        case["witness_gain_ddbi"],
        case["distance_m"],
        case["frequency_hz"],
    )
    signal = case["signal_ddbm"]
    return {"expected_dbm": expected, "valid": None if signal is None else signal / 10 <= expected}


def _denylist(case: Case) -> dict[str, Any]:
    loaded, own = denylist(case["denylist"]), key(case["key"])
    other = case.get("other")
    reason = None
    if loaded is None or loaded.denies(own):
        reason = "denied"
    elif other is not None and loaded.denies_edge(own, key(other)):
        reason = "denied_edge"
    return {**_check(reason), "denylist_tag": denylist_tag(Judgement(reason=reason), loaded)}


def _denylist_hash(case: Case) -> dict[str, Any]:
    keys = [key(address) for address in case["keys"]]
    return {"hash_hex": f"{node_hash(*keys) if len(keys) == 1 else edge_hash(*keys):016x}"}


def _report_id(case: Case) -> dict[str, Any]:
    data = bytes.fromhex(case["data_hex"])
    own = report_id(data=data, received_ms=case["received_ms"], public_key=key(case["pub_key"]))
    return {
        "report_id_hex": own.hex(),
        "data_sha256_hex": hashlib.sha256(data).hexdigest(),
        "data_xxh64_hex": f"{payload_hash(data):016x}",
    }


def _beacon_check(case: Case) -> dict[str, Any]:
    facts = beacon_facts(case, gateway_member="gateway", received_member="received_ms")
    judgement = first_failure(BEACON_RULES, facts)
    return {**_check(judgement.reason), "denylist_tag": denylist_tag(judgement, facts.denylist)}


def _witness_check(case: Case) -> dict[str, Any]:
    beacon = beacon_facts(case, gateway_member="beaconer", received_member="beacon_received_ms")
    report = witness_report(case["witness"])
    facts = WitnessFacts(
        beacon=beacon,
        report=report,
        key=report.pub_key,
        received_ms=case["received_ms"],
        first_witness_received_ms=case["first_witness_received_ms"],
        gateway=gateway(case["gateway"]),
        already_reported=case["already_reported"],
    )
    judgement = first_failure(WITNESS_RULES, facts)
    return {
        **_check(judgement.reason),
        "side": None if judgement.valid else "witness",
        "denylist_tag": denylist_tag(judgement, beacon.denylist),
    }


@dataclass(frozen=True, slots=True)
class _Received:
    received_ms: int


@dataclass(frozen=True, slots=True)
class _Ranked:
    id: str
    witness: _Received
    judgement: Judgement


def _rank(case: Case) -> dict[str, Any]:
    judged = [
        _Ranked(one["id"], _Received(one["received_ms"]), Judgement(reason=one.get("reason")))
        for one in case["witnesses"]
    ]
    selected, unselected = select_witnesses(judged, case["max_witnesses"])
    return {"selected": [one.id for one in selected], "unselected": [one.id for one in unselected]}


KINDS: dict[str, Kind] = {
    "iot.entropy_window": Kind(run=_entropy_window),
    "iot.beacon.interval": Kind(run=_interval),
    "iot.witness.lag": Kind(run=_lag),
    "iot.frequency_tolerance": Kind(run=_frequency),
    "iot.distance": Kind(run=_distance),
    "iot.path_loss": Kind(run=_path_loss),
    "iot.rssi": Kind(run=_rssi),
    "iot.denylist": Kind(run=_denylist),
    "iot.denylist.hash": Kind(run=_denylist_hash),
    "iot.report_id": Kind(run=_report_id),
    "iot.beacon.check": Kind(run=_beacon_check),
    "iot.witness.check": Kind(run=_witness_check),
    "iot.witness.rank": Kind(run=_rank),
}
