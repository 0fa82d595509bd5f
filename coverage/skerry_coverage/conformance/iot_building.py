"""Conformance kinds of beacon making: construction, schedule, entropy, transmission, seen list, settings."""

import json
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_coverage.conformance.region import published
from skerry_coverage.conformance.shapes import Case
from skerry_coverage.iot.beacon import beacon_payload, build_beacon, select_datarate
from skerry_coverage.iot.chacha import keystream_words
from skerry_coverage.iot.entropy import blockhash_entropy, entropy_from_json, entropy_to_json
from skerry_coverage.iot.errors import BeaconRefused, EntropyRejected
from skerry_coverage.iot.listen_address import parse_listen_address
from skerry_coverage.iot.report import reported_power_dbm
from skerry_coverage.iot.schedule import next_beacon_time_s
from skerry_coverage.iot.seen import SeenCache
from skerry_keys import base58_text
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import RegionParams, region_params
from skerry_wire.errors import MessageRejected
from skerry_wire.frames import TransmitOutcome, TransmitStatus
from skerry_wire.sink import Entropy
from skerry_wire.tx_ack import parse_tx_ack

__all__ = ["KINDS"]


def _build(case: Case) -> dict[str, Any]:
    remote = Entropy(
        data=bytes.fromhex(case["remote_entropy_hex"]),
        timestamp_s=case["remote_timestamp_s"],
        version=case["remote_version"],
    )
    try:
        beacon = build_beacon(
            remote=remote,
            local=bytes.fromhex(case["local_entropy_hex"]),
            params=_params_or_none(case["region"]),
            gain_ddbi=case["gain_ddbi"],
        )
    except BeaconRefused as error:
        raise CaseError(error.reason) from None
    return {
        "seed_hex": beacon.seed.hex(),
        "data_hex": beacon.data.hex(),
        "frequency_hz": beacon.frequency_hz,
        "datarate": beacon.datarate,
        "conducted_power_dbm": beacon.conducted_power_dbm,
        "phy_hex": beacon.phy.hex(),
        "beacon_id": beacon.beacon_id,
    }


def _params_or_none(region: str) -> RegionParams:
    """Return empty parameters for an unpublished region: the entropy's version is tested before they are missed."""
    try:
        return region_params(region)
    except UnknownRegion:
        return RegionParams(region=region, channels_hz=(), bandwidth_hz=0, max_eirp_ddbm=0, spreading=())


def _payload(case: Case) -> dict[str, Any]:
    seed = bytes.fromhex(case["seed_hex"])
    words = keystream_words(seed)[:4]
    return {"words_hex": [f"{word:08x}" for word in words], "data_hex": beacon_payload(seed).hex()}


def _datarate(case: Case) -> dict[str, Any]:
    try:
        return {"datarate": select_datarate(published(case["region"]), case["payload_size"])}
    except BeaconRefused as error:
        raise CaseError(error.reason) from None


def _schedule(case: Case) -> dict[str, Any]:
    draws = iter(case["draws"])

    def draw_below(limit: int) -> int:
        draw = next(draws)
        if not 0 <= draw < limit:
            raise AssertionError(f"the case draws {draw}, allowed is below {limit}")
        return int(draw)

    next_s = next_beacon_time_s(
        now_s=case["now_s"], previous_s=case["previous_s"], interval_s=case["interval_s"], draw_below=draw_below
    )
    if next(draws, None) is not None:
        raise AssertionError("not all draws of the case were used")
    return {"next_s": next_s}


def _tx_report(case: Case) -> dict[str, Any]:
    try:
        outcome = _outcome(case["ack"])
        return {
            "tx_power_dbm": reported_power_dbm(outcome, case["requested_power_dbm"]),
            "tmst": outcome.tmst_us or 0,
        }
    except BeaconRefused as error:
        raise CaseError(error.reason) from None


def _outcome(ack: str | None) -> TransmitOutcome:
    if ack is None:
        return TransmitOutcome(status=TransmitStatus.FAILED, reason="timeout")
    try:
        return parse_tx_ack(ack.encode())
    except MessageRejected as error:  # an answer that cannot be read is no confirmation
        return TransmitOutcome(status=TransmitStatus.FAILED, reason=error.reason)


def _entropy_server(case: Case) -> dict[str, Any]:
    previous = case["previous_data_hex"]
    entropy = blockhash_entropy(
        timestamp_s=case["timestamp_s"],
        blockhash=base58_text.decode(case["blockhash"]) if case["blockhash"] is not None else None,
        previous=bytes.fromhex(previous) if previous is not None else None,
        first=case["first"],
    )
    return _entropy_fields(entropy)


def _entropy_text(case: Case) -> dict[str, Any]:
    if "json" not in case:
        stated = Entropy(data=bytes.fromhex(case["data_hex"]), timestamp_s=case["timestamp_s"], version=case["version"])
        return {"json": entropy_to_json(stated)}
    value = case["json"]
    try:
        return _entropy_fields(entropy_from_json(json.loads(value) if isinstance(value, str) else value))
    except EntropyRejected as error:
        raise CaseError(error.reason) from None


def _entropy_fields(entropy: Entropy) -> dict[str, Any]:
    return {"data_hex": entropy.data.hex(), "timestamp_s": entropy.timestamp_s, "version": entropy.version}


def _seen_cache(case: Case) -> dict[str, Any]:
    cache = SeenCache(case["capacity"])
    seen = [cache.check_and_add(bytes.fromhex(tag)) for tag in case["tags"]]
    return {"seen": seen, "order": [tag.hex() for tag in cache.tags()]}


def _listen_addr(case: Case) -> dict[str, Any]:
    try:
        address = parse_listen_address(case["value"])
    except ValueError:
        raise CaseError("bad_address") from None
    return {"listen": str(address), "uri": address.uri}


KINDS: dict[str, Kind] = {
    "iot.beacon.build": Kind(run=_build),
    "iot.beacon.payload": Kind(run=_payload),
    "iot.beacon.datarate": Kind(run=_datarate),
    "iot.beacon.schedule": Kind(run=_schedule),
    "iot.beacon.tx_report": Kind(run=_tx_report),
    "iot.entropy.server": Kind(run=_entropy_server),
    "iot.entropy.text": Kind(run=_entropy_text),
    "iot.seen_cache": Kind(run=_seen_cache),
    "iot.listen_addr": Kind(run=_listen_addr),
}
