"""A stored day of proofs, and how fast it is judged against bare signature checks; tests and benchmarks use it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nacl.signing import VerifyKey

from skerry_coverage.iot.batch import StoredPoc, StoredReport, StoredVerdict, judge_stored
from skerry_coverage.iot.judge import PocInput
from skerry_coverage.iot.registry import KeptTimes
from skerry_testing.poc import START_S, Neighbourhood
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.signing import signed_bytes

__all__ = ["JudgingRates", "judging_rates", "stored", "stored_day"]

INTERVAL_S = 21_600
TURN = 256  # proofs; the judging loop takes 64 at a time


def stored(poc: PocInput) -> StoredPoc:
    """Return a proof as its stored bytes, every report signed by its gateway key."""
    return StoredPoc(
        beacon=StoredReport(
            raw=poc.beacon.report.SerializeToString(),
            signer=poc.beacon.report.pub_key,
            received_ms=poc.beacon.received_ms,
        ),
        witnesses=[
            StoredReport(raw=one.report.SerializeToString(), signer=one.report.pub_key, received_ms=one.received_ms)
            for one in poc.witnesses
        ],
        entropy=poc.entropy,
    )


def stored_day(town: Neighbourhood, *, days: int = 1) -> list[StoredPoc]:
    """Return four beacons a day of every hotspot, each heard by all the others."""
    step_s = INTERVAL_S // town.count
    return [
        stored(
            town.poc(
                [other for other in range(town.count) if other != index],
                beaconer=index,
                at_s=START_S + turn * INTERVAL_S + index * step_s,
            )
        )
        for turn in range(4 * days)
        for index in range(town.count)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingRates:
    """Reports per second of processor time: bare PyNaCl checks, and parse + check + all rules."""

    bare_per_s: float
    judged_per_s: float
    reports: int

    @property
    def share(self) -> float:
        """The judged rate as a share of the bare one; the goal is 0.85."""
        return self.judged_per_s / self.bare_per_s


def judging_rates(town: Neighbourhood, day: Sequence[StoredPoc], *, rounds: int = 1) -> JudgingRates:
    """Measure both on the same reports, turn and turn about, in this thread's processor time.

    They take turns every `TURN` proofs: what else the machine does meanwhile slows down both alike.
    """
    bare_ns = judged_ns = reports = proofs = 0
    for _ in range(rounds):
        times: dict[bytes, KeptTimes] = {}
        for start in range(0, len(day), TURN):
            part = day[start : start + TURN]
            checks = _bare_checks(part)
            before_ns = time.thread_time_ns()
            for key, message, signature in checks:
                key.verify(message, signature)
            middle_ns = time.thread_time_ns()
            proofs += sum(one.verdict is not None for one in _judged(part, town, times))
            judged_ns += time.thread_time_ns() - middle_ns
            bare_ns += middle_ns - before_ns
            reports += len(checks)
    assert proofs == len(day) * rounds
    return JudgingRates(bare_per_s=reports * 1e9 / bare_ns, judged_per_s=reports * 1e9 / judged_ns, reports=reports)


def _judged(part: Sequence[StoredPoc], town: Neighbourhood, times: dict[bytes, KeptTimes]) -> Iterator[StoredVerdict]:
    return judge_stored(part, registry=town.registry, denylist=town.denylist, times=times, parameters=town.parameters)


def _bare_checks(day: Sequence[StoredPoc]) -> list[tuple[VerifyKey, bytes, bytes]]:
    checks = []
    keys: dict[bytes, VerifyKey] = {}
    for poc in day:
        for one in (poc.beacon, *poc.witnesses):
            kind = lora_beacon_report_req_v1 if one is poc.beacon else lora_witness_report_req_v1
            report = kind.FromString(one.raw)
            key = keys.setdefault(one.signer, VerifyKey(one.signer[1:]))
            checks.append((key, signed_bytes(report), report.signature))
    return checks
