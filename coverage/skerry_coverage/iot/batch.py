"""Judges stored reports again from their bytes: parse, check the signature, all rules; a day of a network in one pass.

The oracle's recomputation, backfills and the benchmark use this; live judging and this give equal verdicts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from skerry_coverage.iot.beacon import beacon_payloads, beacon_seed
from skerry_coverage.iot.denylist import Denylist
from skerry_coverage.iot.judge import Pairs, PocInput, PocVerdict, ReceivedBeacon, ReceivedWitness, judge_poc
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import KeptTimes, Registry
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_taking_signature
from skerry_wire.sink import Entropy

__all__ = ["RefusedReport", "StoredPoc", "StoredReport", "StoredVerdict", "judge_stored", "open_stored"]

_CHUNK = 64  # proofs, some thousand signatures

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
    """Judge stored proofs in the order given, as they were judged live; `times` is kept up to date.

    Registry and denylist must stay as they are until the last verdict was taken.
    """
    good_pairs: Pairs = set()
    source = iter(pocs)
    # Signatures first, then rules: alternating the two costs a fifth, because each finds the processor's caches cold.
    while chunk := list(islice(source, _CHUNK)):
        opened = [_open_poc(poc) for poc in chunk]
        payloads = _payloads(opened)
        for (poc, beacon, witnesses, refused), payload in zip(opened, payloads, strict=True):
            if beacon is None:
                yield StoredVerdict(poc=poc, verdict=None, refused=refused)
                continue
            verdict = judge_poc(
                PocInput(
                    beacon=beacon,
                    witnesses=witnesses,
                    registry=registry,
                    denylist=denylist,
                    entropy=poc.entropy,
                    times=times,
                    parameters=parameters,
                    payload=payload,
                ),
                good_pairs=good_pairs,
            )
            times.update(verdict.times)
            yield StoredVerdict(poc=poc, verdict=verdict, refused=refused)


def open_stored(kind: type[R], stored: StoredReport) -> R | str:
    """Parse a report and check its signature; return it without signature, or bad_signature or invalid_packet."""
    try:
        report = parse(kind, stored.raw)
    except MessageRejected:
        return "invalid_packet"
    return report if verify_taking_signature(report, stored.signer) else "bad_signature"


_Opened = tuple[StoredPoc, ReceivedBeacon | None, list[ReceivedWitness], tuple[RefusedReport, ...]]


def _open_poc(poc: StoredPoc) -> _Opened:
    refused: list[RefusedReport] = []
    beacon = open_stored(lora_beacon_report_req_v1, poc.beacon)
    if isinstance(beacon, str):
        return poc, None, [], (RefusedReport(report=poc.beacon, reason=beacon),)
    witnesses: list[ReceivedWitness] = []
    for stored in poc.witnesses:
        report = open_stored(lora_witness_report_req_v1, stored)
        if isinstance(report, str):
            refused.append(RefusedReport(report=stored, reason=report))
        else:
            witnesses.append(ReceivedWitness(report=report, received_ms=stored.received_ms))
    return poc, ReceivedBeacon(report=beacon, received_ms=poc.beacon.received_ms), witnesses, tuple(refused)


def _payloads(opened: list[_Opened]) -> list[bytes | None]:
    """Return each beacon's correct payload, computed together; None where a beacon or its entropy is missing."""
    seeds = [
        beacon_seed(
            remote_data=beacon.report.remote_entropy,
            timestamp_s=poc.entropy.timestamp_s,
            local=beacon.report.local_entropy,
        )
        if beacon is not None and poc.entropy is not None
        else None
        for poc, beacon, _, _ in opened
    ]
    computed = iter(beacon_payloads([seed for seed in seeds if seed is not None]))
    return [None if seed is None else next(computed) for seed in seeds]
