"""Puts a judged beacon into the operator's words: the inputs and verdicts of one `judge_poc`. Called by the oracle."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from skerry_coverage.bundle.statement import StatedGateway, StatedReport, Statement
from skerry_coverage.iot.judge import PocInput, PocVerdict, WitnessVerdict
from skerry_coverage.iot.registry import KeptTimes

__all__ = ["statement_of"]


def statement_of(
    poc: PocInput,
    verdict: PocVerdict,
    *,
    beacon_body: bytes,
    witness_bodies: Sequence[bytes],
    owners: Mapping[bytes, bytes],
    network: str,
    profile_hash: bytes,
    engine: str,
    rule_set: str,
    epoch: int,
    manifest_hash: bytes | None,
) -> Statement:
    """Return the statement on one judgement. Bodies are the exact signed bytes, in the order of `poc.witnesses`.

    `owners` gives the owner of every registered gateway key. Raises `ValueError` when the entropy was not known: such
    a beacon belongs to another network.
    """
    if poc.entropy is None:
        raise ValueError("nothing is stated on a beacon whose entropy this network never published")
    gateway = poc.beacon.report.pub_key
    order = sorted(range(len(poc.witnesses)), key=lambda at: poc.witnesses[at].received_ms)
    return Statement(
        network=network,
        profile_hash=profile_hash,
        engine=engine,
        rule_set=rule_set,
        epoch=epoch,
        manifest_hash=manifest_hash,
        denylist_serial=poc.denylist.tag if poc.denylist else 0,
        entropy_data=poc.entropy.data,
        entropy_timestamp_s=poc.entropy.timestamp_s,
        entropy_version=poc.entropy.version,
        beacon=StatedReport(
            report_hash=sha256(beacon_body).digest(),
            received_ms=poc.beacon.received_ms,
            gateway=_gateway(poc, gateway, owners),
            denied_edge=False,
            reason=verdict.beacon.reason,
            side=None,
            selected=False,
        ),
        witnesses=tuple(
            _witness(poc, verdict, at=at, position=position, body=witness_bodies[at], owners=owners)
            for position, at in enumerate(order)
        ),
    )


def _witness(
    poc: PocInput, verdict: PocVerdict, *, at: int, position: int, body: bytes, owners: Mapping[bytes, bytes]
) -> StatedReport:
    received = poc.witnesses[at]
    key = received.report.pub_key
    judged = {one.position: one for one in (*verdict.selected, *verdict.unselected)}
    one: WitnessVerdict | None = judged.get(position)  # the rules drop a hotspot's report on itself
    return StatedReport(
        report_hash=sha256(body).digest(),
        received_ms=received.received_ms,
        gateway=_gateway(poc, key, owners),
        denied_edge=poc.denylist is not None and poc.denylist.denies_edge(poc.beacon.report.pub_key, key),
        reason=one.judgement.reason if one else "self_witness",
        side=one.side if one else "witness",
        selected=any(other.position == position for other in verdict.selected),
    )


def _gateway(poc: PocInput, key: bytes, owners: Mapping[bytes, bytes]) -> StatedGateway | None:
    gateway = poc.registry.get(key)
    if gateway is None:
        return None
    times = poc.times.get(key, KeptTimes())
    asserted = gateway.asserted
    return StatedGateway(
        owner=owners[key],
        full=gateway.full,
        cell=f"{asserted.cell:x}" if asserted else None,
        region=asserted.region if asserted else "",
        gain_ddbi=asserted.gain_ddbi if asserted else 0,
        elevation_m=asserted.elevation_m if asserted else 0,
        denied=poc.denylist is not None and poc.denylist.denies(key),
        last_beacon_ms=times.last_beacon_ms,
        last_witness_ms=times.last_witness_ms,
        last_beacon_reciprocity_ms=times.last_beacon_reciprocity_ms,
    )
