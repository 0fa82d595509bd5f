"""The witness rule table (iot-poc 4.3): rows in the order of the checks, the first failure is the verdict.

Reciprocity is judged after the table, over all witnesses of a beacon (`skerry_coverage.iot.judge`).
"""

from skerry_coverage.iot import witness_measures as measures
from skerry_coverage.iot.checks import (
    frequency_offset_hz,
    in_entropy_window,
    too_far,
    too_near,
)
from skerry_coverage.iot.rules import Rule
from skerry_coverage.iot.witness_facts import WitnessFacts

__all__ = ["REPORT_RULES", "WITNESS_RULES"]


def _first_report(facts: WitnessFacts) -> str | None:
    return "duplicate" if facts.already_reported else None


def _known(facts: WitnessFacts) -> str | None:
    return "gateway_not_found" if facts.gateway is None else None


def _has_location(facts: WitnessFacts) -> str | None:
    return "not_asserted" if facts.gateway is None or facts.gateway.asserted is None else None


def _not_denied(facts: WitnessFacts) -> str | None:
    denylist = facts.beacon.denylist
    return "denied" if denylist is None or denylist.denies(facts.key) else None


def _edge_not_denied(facts: WitnessFacts) -> str | None:
    denylist = facts.beacon.denylist
    denied = denylist is None or denylist.denies_edge(facts.beacon.key, facts.key)
    return "denied_edge" if denied else None


def _another(facts: WitnessFacts) -> str | None:
    return "self_witness" if facts.key == facts.beacon.key else None


def _entropy_fresh(facts: WitnessFacts) -> str | None:
    beacon = facts.beacon
    assert beacon.entropy is not None
    fresh = in_entropy_window(beacon.entropy.timestamp_s, beacon.parameters.entropy_lifespan_s, facts.received_ms)
    return None if fresh else "entropy_expired"


def _in_time(facts: WitnessFacts) -> str | None:
    lag, limit = facts.lag_and_limit_ms
    return "too_late" if lag > limit else None


def _same_payload(facts: WitnessFacts) -> str | None:
    return None if facts.report.data == facts.beacon.data else "invalid_packet"


def _capable(facts: WitnessFacts) -> str | None:
    return None if facts.gateway is not None and facts.gateway.full else "invalid_capability"


def _same_frequency(facts: WitnessFacts) -> str | None:
    sent_hz, heard_hz = facts.beacon.frequency_hz, facts.report.frequency
    if sent_hz == heard_hz:  # as nearly always
        return None
    offset = frequency_offset_hz(sent_hz, heard_hz)
    return "invalid_frequency" if offset > facts.beacon.parameters.max_frequency_offset_hz else None


def _same_region(facts: WitnessFacts) -> str | None:
    return None if facts.own.region == facts.beaconer.region else "invalid_region"


def _far_enough(facts: WitnessFacts) -> str | None:
    near = too_near(facts.beaconer.cell, facts.own.cell, facts.beacon.parameters.min_distance_cells)
    return "below_min_distance" if near else None


def _near_enough(facts: WitnessFacts) -> str | None:
    far = too_far(facts.beaconer.cell, facts.own.cell, facts.beacon.parameters.max_distance_km)
    return "max_distance_exceeded" if far else None


def _believable_signal(facts: WitnessFacts) -> str | None:
    return "bad_rssi" if facts.report.signal / 10 > facts.expected_dbm else None


_KNOWN, _LOCATED = "gateway known", "location asserted"
_S = "iot-poc 4.3"
WITNESS_RULES: tuple[Rule[WitnessFacts], ...] = (
    Rule(name="first report", check=_first_report, measure=measures.first_report, source=f"{_S} #1"),
    Rule(name=_KNOWN, check=_known, measure=measures.known, source=f"{_S} #2", static=True),
    Rule(
        name=_LOCATED,
        check=_has_location,
        measure=measures.location,
        source=f"{_S} #3",
        needs=(_KNOWN,),
        static=True,
    ),
    Rule(name="not denied", check=_not_denied, measure=measures.denylist, source=f"{_S} #4", static=True),
    Rule(name="pair not denied", check=_edge_not_denied, measure=measures.denylist, source=f"{_S} #5", static=True),
    Rule(name="another hotspot", check=_another, measure=measures.another, source=f"{_S} #6", static=True),
    Rule(name="entropy fresh", check=_entropy_fresh, measure=measures.window, source=f"{_S} #7"),
    Rule(name="in time", check=_in_time, measure=measures.lag, source=f"{_S} #8"),
    Rule(name="same payload", check=_same_payload, measure=measures.payload, source=f"{_S} #9"),
    Rule(
        name="full hotspot",
        check=_capable,
        measure=measures.capability,
        source=f"{_S} #10",
        needs=(_KNOWN,),
        static=True,
    ),
    Rule(name="same frequency", check=_same_frequency, measure=measures.frequency, source=f"{_S} #11"),
    Rule(
        name="same region",
        check=_same_region,
        measure=measures.region,
        source=f"{_S} #12",
        needs=(_LOCATED,),
        static=True,
    ),
    Rule(
        name="far enough",
        check=_far_enough,
        measure=measures.minimum,
        source=f"{_S} #13",
        needs=(_LOCATED,),
        static=True,
    ),
    Rule(
        name="near enough",
        check=_near_enough,
        measure=measures.maximum,
        source=f"{_S} #14",
        needs=(_LOCATED,),
        static=True,
    ),
    Rule(
        name="believable signal",
        check=_believable_signal,
        measure=measures.signal,
        source=f"{_S} #15",
        needs=(_LOCATED,),
    ),
)
# What is left to check once a pair of hotspots is known to pass the static rules.
REPORT_RULES: tuple[Rule[WitnessFacts], ...] = tuple(rule for rule in WITNESS_RULES if not rule.static)
