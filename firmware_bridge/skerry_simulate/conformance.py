"""Conformance kinds that concern the peer's side of a protocol, which only an emulator has."""

from collections.abc import Mapping
from typing import Any

from skerry_core.conformance import Kind
from skerry_firmware_bridge.gwmp.datagram import Datagram
from skerry_firmware_bridge.gwmp.datagram import Kind as DatagramKind
from skerry_simulate.forwarder_rules import Concentrator, decide

__all__ = ["KINDS"]


def _forwarder(case: Mapping[str, Any]) -> dict[str, Any]:
    settings = case["forwarder"]
    question = Datagram(
        kind=DatagramKind.PULL_RESP, token=case["token"], body=case["body"].encode("utf-8", "surrogatepass")
    )
    decision = decide(
        question,
        eui=bytes.fromhex(case["mac_hex"]),
        settings=Concentrator(
            tx_enabled=tuple(settings["tx_enabled"]),
            freq_min_hz=settings["freq_min_hz"],
            freq_max_hz=settings["freq_max_hz"],
            lut_dbm=tuple(settings["lut_dbm"]),
        ),
        counter_us=settings["counter_us"],
    )
    return {
        "datagram_hex": None if decision.answer is None else decision.answer.hex(),
        "transmitted": decision.transmitted,
        "power_dbm": decision.power_dbm,
        "at_us": decision.at_us,
    }


KINDS: dict[str, Kind] = {"gwmp.forwarder": Kind(run=_forwarder)}
