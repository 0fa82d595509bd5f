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
from skerry_keys.verify import verify
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import take_signature
from skerry_wire.sink import Entropy

__all__ = ["RefusedReport", "StoredPoc", "StoredReport", "StoredVerdict", "judge_stored"]

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
    # All of one kind of work, then all of the next: alternating costs a fifth, because each finds the processor's
    # caches cold.
    while chunk := list(islice(source, _CHUNK)):
        opened = _open(chunk)
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


_Opened = tuple[StoredPoc, ReceivedBeacon | None, list[ReceivedWitness], tuple[RefusedReport, ...]]
_Check = tuple[bytes, bytes, bytes]  # signer, what was signed, signature


def _open(chunk: Sequence[StoredPoc]) -> list[_Opened]:
    """Parse the reports of proofs and check their signatures: first all of one, then all of the other."""
    checks: list[_Check] = []
    parsed = [
        (
            poc,
            _parse(lora_beacon_report_req_v1, poc.beacon, checks),
            [_parse(lora_witness_report_req_v1, stored, checks) for stored in poc.witnesses],
        )
        for poc in chunk
    ]
    good = iter([verify(*one) for one in checks])
    return [_opened(poc, beacon, witnesses, good) for poc, beacon, witnesses in parsed]


def _parse(kind: type[R], stored: StoredReport, checks: list[_Check]) -> R | None:
    """Return a report without its signature, which is added to `checks`; None when it cannot be decoded."""
    try:
        report: R = parse(kind, stored.raw)
    except MessageRejected:
        return None
    checks.append((stored.signer, *take_signature(report)))
    return report


def _opened(
    poc: StoredPoc,
    beacon: lora_beacon_report_req_v1 | None,
    witnesses: list[lora_witness_report_req_v1 | None],
    good: Iterator[bool],
) -> _Opened:
    refused: list[RefusedReport] = []
    if beacon is None or not next(good):
        refused.append(_refused(poc.beacon, beacon))
        beacon = None
    taken: list[ReceivedWitness] = []
    for stored, report in zip(poc.witnesses, witnesses, strict=True):
        if report is None or not next(good):
            refused.append(_refused(stored, report))
        else:
            taken.append(ReceivedWitness(report=report, received_ms=stored.received_ms))
    if beacon is None:  # without its beacon no witness report can be judged, whatever it is
        return poc, None, [], (refused[0],)
    return poc, ReceivedBeacon(report=beacon, received_ms=poc.beacon.received_ms), taken, tuple(refused)


def _refused(stored: StoredReport, report: object | None) -> RefusedReport:
    return RefusedReport(report=stored, reason="invalid_packet" if report is None else "bad_signature")


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
