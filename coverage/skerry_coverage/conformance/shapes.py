"""The objects that several kinds share (KINDS-iot, "Objects shared by several kinds"), read into our types."""

from collections.abc import Mapping
from typing import Any

from skerry_coverage.iot.beacon_rules import BeaconFacts
from skerry_coverage.iot.denylist import Denylist, ExplicitDenylist
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_keys.public_key import PublicKey
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.sink import Entropy

__all__ = ["Case", "beacon_facts", "beacon_report", "denylist", "entropy", "gateway", "key", "witness_report"]

Case = Mapping[str, Any]


def key(address: str) -> bytes:
    """Return the public key binary of an address."""
    return PublicKey.from_address(address).binary


def beacon_report(case: Case) -> lora_beacon_report_req_v1:
    """Read a `beacon` object."""
    return lora_beacon_report_req_v1(
        pub_key=key(case["pub_key"]),
        local_entropy=bytes.fromhex(case["local_entropy_hex"]),
        remote_entropy=bytes.fromhex(case["remote_entropy_hex"]),
        data=bytes.fromhex(case["data_hex"]),
        frequency=case["frequency_hz"],
        datarate=case["datarate"],
        channel=case["channel"],
        tx_power=case["tx_power_dbm"],
    )


def witness_report(case: Case) -> lora_witness_report_req_v1:
    """Read a `witness` object."""
    return lora_witness_report_req_v1(
        pub_key=key(case["pub_key"]),
        data=bytes.fromhex(case["data_hex"]),
        signal=case["signal_ddbm"],
        snr=case["snr_ddb"],
        frequency=case["frequency_hz"],
        datarate=case["datarate"],
        tmst=case["tmst"],
    )


def gateway(case: Case | None) -> Gateway | None:
    """Read a `gateway` object; None = unknown."""
    if case is None:
        return None
    metadata = case["metadata"]
    asserted = None
    if metadata is not None:
        asserted = Asserted(
            cell=int(metadata["location"], 16),
            region=metadata["region"],
            gain_ddbi=metadata["gain_ddbi"],
            elevation_m=metadata["elevation_m"],
        )
    return Gateway(full=case["full"], asserted=asserted)


def denylist(case: Case | None) -> Denylist | None:
    """Read a `denylist` object; None = no list loaded."""
    if case is None:
        return None
    return ExplicitDenylist.of(
        tag=case["tag"],
        keys=[key(address) for address in case["keys"]],
        edges=[(key(a), key(b)) for a, b in case["edges"]],
    )


def entropy(case: Case, data: bytes) -> Entropy:
    """Read an `entropy` object for a report that names `data`."""
    return Entropy(data=data, timestamp_s=case["start_ms"] // 1000, version=case.get("version", 0))


def beacon_facts(case: Case, *, gateway_member: str, received_member: str) -> BeaconFacts:
    """Read what a beacon is judged on; the two members have other names in iot.witness.check."""
    report = beacon_report(case["beacon"])
    return BeaconFacts(
        report=report,
        received_ms=case[received_member],
        gateway=gateway(case[gateway_member]),
        entropy=entropy(case["entropy"], report.remote_entropy),
        last_beacon_ms=case.get("last_beacon_ms"),
        denylist=denylist(case["denylist"]),
        parameters=PocParameters(beacon_interval_s=case["interval_s"]) if "interval_s" in case else PocParameters(),
    )
