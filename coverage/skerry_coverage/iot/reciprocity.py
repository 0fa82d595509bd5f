"""Bidirectional coverage (HIP-106): who beacons must hear, who witnesses must be heard (iot-poc 4.3, end)."""

from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import KeptTimes
from skerry_coverage.iot.rules import Fault, Judgement, Measure

__all__ = [
    "BEACON_RECIPROCITY",
    "WITNESS_RECIPROCITY",
    "beacon_reciprocity",
    "reciprocity_measure",
    "witness_reciprocity",
]

BEACON_RECIPROCITY, WITNESS_RECIPROCITY = "beaconer heard others", "witness was heard by others"
_VALID = Judgement()


def beacon_reciprocity(kept: KeptTimes, received_ms: int, parameters: PocParameters) -> Judgement:
    """Judge the beaconer: one of its witness reports passed within the window before its beacon."""
    if _recent(kept.last_witness_ms, received_ms, parameters):
        return _VALID
    return Judgement(rule=BEACON_RECIPROCITY, reason="gateway_no_valid_witnesses")


def witness_reciprocity(kept: KeptTimes, received_ms: int, parameters: PocParameters) -> Judgement:
    """Judge a witness: one of its beacons was valid and reported within the window before its report."""
    if _recent(kept.last_beacon_reciprocity_ms, received_ms, parameters):
        return _VALID
    return Judgement(rule=WITNESS_RECIPROCITY, reason="gateway_no_valid_beacons")


def reciprocity_measure(last_ms: int | None, received_ms: int, parameters: PocParameters, fault: Fault) -> Measure:
    """Return the numbers behind either judgement."""
    limit_ms = parameters.reciprocity_window_s * 1000
    age_ms = None if last_ms is None else received_ms - last_ms
    what = "witness report of another's beacon" if fault is Fault.BEACONER else "beacon that others reported"
    return Measure(
        value=age_ms,
        limit=limit_ms,
        margin=None if age_ms is None else limit_ms - 1 - age_ms,
        unit="ms since",
        fault=fault,
        needed=f"The hotspot has a valid {what} less than {parameters.reciprocity_window_s // 3600} h before.",
    )


def _recent(last_ms: int | None, received_ms: int, parameters: PocParameters) -> bool:
    return last_ms is not None and received_ms - last_ms < parameters.reciprocity_window_s * 1000
