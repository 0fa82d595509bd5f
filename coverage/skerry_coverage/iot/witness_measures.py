"""The numbers behind each witness check: value, limit, margin, whose fault, what would have passed.

Margins are in the check's own unit and negative exactly when the check fails.
"""

from skerry_coverage.iot.beacon_rules import window_measure
from skerry_coverage.iot.checks import frequency_offset_hz
from skerry_coverage.iot.geometry import distance_m, grid_cells
from skerry_coverage.iot.rules import Fault, Measure
from skerry_coverage.iot.witness_facts import WitnessFacts

__all__ = [
    "another",
    "capability",
    "denylist",
    "first_report",
    "frequency",
    "known",
    "lag",
    "location",
    "maximum",
    "minimum",
    "payload",
    "region",
    "signal",
    "window",
]


def first_report(facts: WitnessFacts) -> Measure:
    """Only a hotspot's first report of a beacon counts."""
    return Measure(
        value="repeated" if facts.already_reported else "first",
        limit="first",
        fault=Fault.WITNESS,
        needed="A hotspot reports each beacon once.",
    )


def known(facts: WitnessFacts) -> Measure:
    """The witness is registered."""
    return Measure(
        value="registered" if facts.gateway else "unknown",
        limit="registered",
        fault=Fault.WITNESS,
        needed="The hotspot is registered and admitted by the operator.",
    )


def location(facts: WitnessFacts) -> Measure:
    """The witness has a location."""
    asserted = facts.gateway.asserted if facts.gateway else None
    return Measure(
        value=f"{asserted.cell:x}" if asserted else None,
        limit="a location",
        fault=Fault.WITNESS,
        needed="The owner asserts the hotspot's location before the epoch begins.",
    )


def denylist(facts: WitnessFacts) -> Measure:
    """The witness, or the pair, is on no list."""
    loaded = facts.beacon.denylist
    if loaded is None:
        return Measure(value="no list", limit="a list", fault=Fault.OPERATOR, needed="The operator loads a denylist.")
    return Measure(
        value=f"list {loaded.tag}",
        limit="not on it",
        fault=Fault.WITNESS,
        needed="The operator takes the hotspot, or the pair of hotspots, off the list.",
    )


def another(facts: WitnessFacts) -> Measure:
    """A beacon is witnessed by others."""
    same = facts.key == facts.beacon.key
    return Measure(
        value="the beaconer itself" if same else "another hotspot",
        limit="another hotspot",
        fault=Fault.WITNESS,
        needed="A hotspot does not report its own beacon.",
    )


def window(facts: WitnessFacts) -> Measure:
    """The report came while the entropy was valid."""
    return window_measure(facts.beacon, facts.received_ms, Fault.WITNESS)


def lag(facts: WitnessFacts) -> Measure:
    """The report came shortly after the beacon's, or after the first witness's."""
    lag_ms, limit_ms = facts.lag_and_limit_ms
    return Measure(
        value=lag_ms,
        limit=limit_ms,
        margin=limit_ms - lag_ms,
        unit="ms after the beacon or the first witness",
        fault=Fault.WITNESS,
        needed=f"The report arrives at most {limit_ms} ms after the first report of this beacon.",
    )


def payload(facts: WitnessFacts) -> Measure:
    """The report carries the beacon's payload."""
    return Measure(
        value=facts.report.data.hex(),
        limit=facts.beacon.report.data.hex(),
        fault=Fault.WITNESS,
        needed="The report carries the beacon's 51 bytes unchanged.",
    )


def capability(facts: WitnessFacts) -> Measure:
    """The witness takes part in proofs."""
    return Measure(
        value="full" if facts.gateway and facts.gateway.full else "data only",
        limit="full",
        fault=Fault.WITNESS,
        needed="The hotspot is onboarded as a full hotspot.",
    )


def frequency(facts: WitnessFacts) -> Measure:
    """Both heard the same channel."""
    offset_hz = frequency_offset_hz(facts.beacon.report.frequency, facts.report.frequency)
    limit_hz = facts.beacon.parameters.max_frequency_offset_hz
    return Measure(
        value=offset_hz,
        limit=limit_hz,
        margin=limit_hz - offset_hz,
        unit="Hz apart",
        fault=Fault.WITNESS,
        needed=f"The reported frequency lies within {limit_hz} Hz of the beacon's.",
    )


def region(facts: WitnessFacts) -> Measure:
    """Both hotspots stand in one region."""
    return Measure(
        value=facts.own.region,
        limit=facts.beaconer.region,
        fault=Fault.WITNESS,
        needed="Both locations are asserted in the same region.",
    )


def minimum(facts: WitnessFacts) -> Measure:
    """The hotspots do not stand side by side."""
    cells, limit = grid_cells(facts.beaconer.cell, facts.own.cell), facts.beacon.parameters.min_distance_cells
    return Measure(
        value=cells,
        limit=limit,
        margin=None if cells is None else cells - limit,
        unit="cells of resolution 11 apart (about 50 m each)",
        fault=Fault.WITNESS,
        needed=f"The asserted locations are at least {limit} cells apart.",
    )


def maximum(facts: WitnessFacts) -> Measure:
    """The hotspots are close enough for radio."""
    metres, limit_km = distance_m(facts.beaconer.cell, facts.own.cell), facts.beacon.parameters.max_distance_km
    limit_m = (limit_km + 1) * 1000 - 1  # whole kilometres are compared
    return Measure(
        value=metres,
        limit=limit_m,
        margin=limit_m - metres,
        unit="m apart",
        fault=Fault.WITNESS,
        needed=f"The asserted locations are less than {limit_km + 1} km apart.",
    )


def signal(facts: WitnessFacts) -> Measure:
    """The signal is not stronger than free space allows."""
    heard, expected = facts.report.signal / 10, facts.expected_dbm
    return Measure(
        value=heard,
        limit=expected,
        margin=expected - heard,
        unit="dBm",
        fault=Fault.WITNESS,
        needed="The reported signal is not stronger than free space allows for power, gains and distance; "
        "a wrongly asserted location or gain shows here.",
    )
