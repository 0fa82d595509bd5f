"""Judges stored reports again from their bytes: parse, check the signature, all rules; a day of a network in one pass.

The oracle's recomputation, backfills and the benchmark use this; live judging and this give equal verdicts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from skerry_coverage.iot.denylist import Denylist
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedBeacon, ReceivedWitness, judge_poc
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import KeptTimes, Registry
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message
from skerry_wire.sink import Entropy

__all__ = ["RefusedReport", "StoredPoc", "StoredReport", "StoredVerdict", "judge_stored", "open_stored"]

R = TypeVar("R", lora_beacon_report_req_v1, lora_witness_report_req_v1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A signed report's bytes as received; `signer` is the session key, or the gateway key without a session."""

    raw: bytes
    signer: bytes
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPoc:
    """A stored beacon, the reports with its payload, and the entropy that it names (None = not known here)."""

    beacon: StoredReport
    witnesses: Sequence[StoredReport]
    entropy: Entropy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReport:
    """A stored report that never reaches the rules; `reason` is bad_signature or invalid_packet."""

    report: StoredReport
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """A stored proof's verdict, None when its beacon was refused; and the reports that were refused."""

    poc: StoredPoc
    verdict: PocVerdict | None
    refused: tuple[RefusedReport, ...]


def judge_stored(
    pocs: Iterable[StoredPoc],
    *,
    registry: Registry,
    denylist: Denylist | None,
    times: dict[bytes, KeptTimes],
    parameters: PocParameters,
) -> Iterator[StoredVerdict]:
    """Judge stored proofs in the order given, as they were judged live; `times` is kept up to date."""
    for poc in pocs:
        refused: list[RefusedReport] = []
        beacon = _opened(lora_beacon_report_req_v1, poc.beacon, refused)
        if beacon is None:
            yield StoredVerdict(poc=poc, verdict=None, refused=tuple(refused))
            continue
        witnesses = [
            ReceivedWitness(report=report, received_ms=stored.received_ms)
            for stored in poc.witnesses
            if (report := _opened(lora_witness_report_req_v1, stored, refused)) is not None
        ]
        verdict = judge_poc(
            PocInput(
                beacon=ReceivedBeacon(report=beacon, received_ms=poc.beacon.received_ms),
                witnesses=witnesses,
                registry=registry,
                denylist=denylist,
                entropy=poc.entropy,
                times=times,
                parameters=parameters,
            )
        )
        times.update(verdict.times)
        yield StoredVerdict(poc=poc, verdict=verdict, refused=tuple(refused))


def open_stored(kind: type[R], stored: StoredReport) -> R | str:
    """Parse a stored report and check its signature; return it, or bad_signature or invalid_packet."""
    try:
        report = parse(kind, stored.raw)
    except MessageRejected:
        return "invalid_packet"
    return report if verify_message(report, stored.signer) else "bad_signature"


def _opened(kind: type[R], stored: StoredReport, refused: list[RefusedReport]) -> R | None:
    report = open_stored(kind, stored)
    if isinstance(report, str):
        refused.append(RefusedReport(report=stored, reason=report))
        return None
    return report
