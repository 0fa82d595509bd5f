"""Judges a bundle's beacons again with the network's own rules, from what the bundle shows. Called by `verify`.

With an operator's statement its receive times and kept times are taken, and its verdicts must come out again. Without
one the reports' own times are taken and the rules about history are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from skerry_core.cells import cell_number
from skerry_coverage.bundle.known import Known
from skerry_coverage.bundle.reports import BeaconSeen, WitnessSeen
from skerry_coverage.bundle.statement import StatedGateway, StatedReport, Statement
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedBeacon, ReceivedWitness, WitnessVerdict
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway, KeptTimes
from skerry_wire.sink import Entropy

__all__ = ["Mismatch", "compare", "input_of_reports", "input_of_statement", "stated_place"]

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A verdict of the statement that does not come out again."""

    gateway: bytes
    stated: str
    recomputed: str


def input_of_statement(
    statement: Statement, beacon: BeaconSeen, witnesses: list[WitnessSeen], parameters: PocParameters
) -> PocInput:
    """Return the rules' input as the operator states it; `witnesses` stand in the statement's order.

    Raises `EvidenceRejected` for a place that is none.
    """
    pairs = [(beacon.report.pub_key, statement.beacon)]
    pairs += [(seen.report.pub_key, stated) for seen, stated in zip(witnesses, statement.witnesses, strict=True)]
    beaconer = beacon.report.pub_key
    return PocInput(
        beacon=ReceivedBeacon(report=beacon.report, received_ms=statement.beacon.received_ms),
        witnesses=[
            ReceivedWitness(report=seen.report, received_ms=stated.received_ms)
            for seen, stated in zip(witnesses, statement.witnesses, strict=True)
        ],
        registry={key: _gateway(one.gateway) for key, one in pairs if one.gateway is not None},
        denylist=ExplicitDenylist.of(
            tag=statement.denylist_serial,
            keys=[key for key, one in pairs if one.gateway is not None and one.gateway.denied],
            edges=[(beaconer, key) for key, one in pairs[1:] if one.denied_edge],
        ),
        entropy=Entropy(
            data=statement.entropy_data,
            timestamp_s=statement.entropy_timestamp_s,
            version=statement.entropy_version,
        ),
        times={key: _times(one.gateway) for key, one in pairs if one.gateway is not None},
        parameters=parameters,
    )


def input_of_reports(
    beacon: BeaconSeen, witnesses: Iterable[WitnessSeen], known: Known, parameters: PocParameters
) -> PocInput:
    """Return the rules' input as the hotspots themselves state it: their own clocks, no history, no denylist."""
    heard = list(witnesses)
    keys = {beacon.report.pub_key, *(seen.report.pub_key for seen in heard)}
    return PocInput(
        beacon=ReceivedBeacon(report=beacon.report, received_ms=beacon.report.timestamp // _NS_PER_MS),
        witnesses=[
            ReceivedWitness(report=seen.report, received_ms=seen.report.timestamp // _NS_PER_MS) for seen in heard
        ],
        registry={key: gateway for key in keys if (gateway := known.gateway(key)) is not None},
        denylist=ExplicitDenylist(),
        entropy=known.entropies.get(beacon.report.remote_entropy),
        times={},
        parameters=replace(parameters, reciprocity_required=False),
    )


def compare(statement: Statement, witnesses: list[WitnessSeen], verdict: PocVerdict, beaconer: bytes) -> list[Mismatch]:
    """Return where the recomputed verdicts differ from the stated ones."""
    found = []
    own = _words(reason=verdict.beacon.reason, side=None, selected=False)
    stated = _words(reason=statement.beacon.reason, side=None, selected=False)
    if own != stated:
        found.append(Mismatch(gateway=beaconer, stated=stated, recomputed=own))
    order = sorted(range(len(witnesses)), key=lambda at: statement.witnesses[at].received_ms)
    judged = {one.position: (one, True) for one in verdict.selected}
    judged |= {one.position: (one, False) for one in verdict.unselected}
    for position, at in enumerate(order):
        recomputed = _witness_words(*judged[position]) if position in judged else _words_of_self_witness()
        said = _stated_words(statement.witnesses[at])
        if recomputed != said:
            found.append(Mismatch(gateway=witnesses[at].report.pub_key, stated=said, recomputed=recomputed))
    return found


def stated_place(stated: StatedGateway) -> Asserted | None:
    """Return the asserted place, None when nothing was asserted. Raises `EvidenceRejected` for a place that is none."""
    if stated.cell is None:
        return None
    cell = cell_number(stated.cell)
    if cell is None:
        raise EvidenceRejected("bad_cell", f"{stated.cell!r} is no H3 cell")
    return Asserted(cell=cell, region=stated.region, gain_ddbi=stated.gain_ddbi, elevation_m=stated.elevation_m)


def _gateway(stated: StatedGateway) -> Gateway:
    return Gateway(full=stated.full, asserted=stated_place(stated))


def _times(stated: StatedGateway) -> KeptTimes:
    return KeptTimes(
        last_beacon_ms=stated.last_beacon_ms,
        last_witness_ms=stated.last_witness_ms,
        last_beacon_reciprocity_ms=stated.last_beacon_reciprocity_ms,
    )


def _witness_words(verdict: WitnessVerdict, selected: bool) -> str:
    return _words(reason=verdict.judgement.reason, side=verdict.side, selected=selected)


def _stated_words(stated: StatedReport) -> str:
    return _words(reason=stated.reason, side=stated.side, selected=stated.selected)


def _words_of_self_witness() -> str:
    return _words(reason="self_witness", side="witness", selected=False)


def _words(*, reason: str | None, side: str | None, selected: bool) -> str:
    if reason is not None:
        return f"invalid: {reason}" + (f" ({side})" if side else "")
    return "valid, counted" if selected else "valid"
