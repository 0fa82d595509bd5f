"""Feeds stored reports to the rules in a fixed order and stores the verdicts; decides nothing itself.

**Order.** A beacon is ripe `lifespan + MARGIN_S` after its receipt, when no witness of it can be valid any more. Ripe
beacons are judged in order of (receive time, report id), so judging as the day goes on gives the same verdicts as
judging the stored day at once.

**Witnesses.** A beacon takes all waiting witness reports of its payload. When several gateways claim one payload, an
invalid beacon takes none while another claim waits, so that nobody can spoil a proof by copying its payload. A witness
report that comes after its beacon was judged is judged by the same table; one without any beacon is `stale`.

**Copies** (see `skerry_oracle.ingest`) get the reason that the rules give, or `duplicate` where they find nothing; they
never change kept times and are never valid. **Late** reports reached the store after their epoch was closed.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skerry_core import strict_json
from skerry_core.clock import Clock
from skerry_coverage.iot.denylist import Denylist, ExplicitDenylist
from skerry_coverage.iot.judge import (
    PocInput,
    PocVerdict,
    ReceivedBeacon,
    ReceivedWitness,
    beacon_facts,
    judge_poc,
    witness_facts,
)
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway, KeptTimes
from skerry_coverage.iot.rules import first_failure
from skerry_coverage.iot.witness_rules import WITNESS_RULES
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.registry.book import Registry
from skerry_oracle.store.database import Database
from skerry_oracle.store.entropy import EntropyRow, EntropyTable
from skerry_oracle.store.registry import AssertionRow
from skerry_oracle.store.reports import BEACON, WITNESS, ReportTable, StoredReport
from skerry_oracle.store.verdicts import VerdictRow, VerdictTable
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.sink import Entropy

__all__ = ["Judge", "JudgedInputs"]

MARGIN_S = 5  # between stamping a report and its commit; group commit takes milliseconds
BATCH = 200  # beacons per transaction
BEACONER_SIDE, WITNESS_SIDE = "beaconer", "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedInputs:
    """What a proof was judged from, enough to judge it again: stored with the beacon's verdict as canonical JSON."""

    witnesses: tuple[bytes, ...]
    times: Mapping[bytes, KeptTimes]
    entropy_s: int | None
    denylist_serial: int | None

    def to_bytes(self) -> bytes:
        """Return canonical JSON."""
        return strict_json.canonical(
            {
                "witnesses": [report_id.hex() for report_id in self.witnesses],
                "times": {
                    key.hex(): [kept.last_beacon_ms, kept.last_beacon_reciprocity_ms, kept.last_witness_ms]
                    for key, kept in self.times.items()
                },
                "entropy_s": self.entropy_s,
                "denylist_serial": self.denylist_serial,
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> "JudgedInputs":
        """Parse what `to_bytes` made."""
        members: dict[str, Any] = strict_json.loads(raw, limit_bytes=1 << 24)
        return cls(
            witnesses=tuple(map(bytes.fromhex, members["witnesses"])),
            times={
                bytes.fromhex(key): KeptTimes(
                    last_beacon_ms=beacon, last_beacon_reciprocity_ms=reciprocity, last_witness_ms=witness
                )
                for key, (beacon, reciprocity, witness) in members["times"].items()
            },
            entropy_s=members["entropy_s"],
            denylist_serial=members["denylist_serial"],
        )


@dataclass(slots=True)
class _Batch:
    """Verdicts that wait for one transaction, and the times as they will be after it."""

    verdicts: list[VerdictRow] = field(default_factory=list)
    times: dict[bytes, KeptTimes] = field(default_factory=dict)
    judged: set[tuple[str, bytes]] = field(default_factory=set)


class Judge:
    """One network's verdicts. `load()` before use; one call at a time."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        calendar: EpochCalendar,
        registry: Registry,
        parameters: PocParameters,
        rule_set: str,
    ) -> None:
        self._database = database
        self._reports = ReportTable(database)
        self._verdicts = VerdictTable(database)
        self._entropy = EntropyTable(database)
        self._clock = clock
        self._calendar = calendar
        self._registry = registry
        self._parameters = parameters
        self._rule_set = rule_set
        self._times: dict[bytes, KeptTimes] = {}

    async def load(self) -> None:
        """Read the kept times."""
        self._times = await self._verdicts.times()

    @property
    def times(self) -> Mapping[bytes, KeptTimes]:
        """The times kept per gateway."""
        return self._times

    @property
    def ripe_ms(self) -> int:
        """How long after its receipt a beacon may be judged."""
        return (self._parameters.entropy_lifespan_s + MARGIN_S) * 1000

    async def judge_until(self, moment_ms: int, *, closed_until_ms: int) -> int:
        """Judge every beacon received up to `moment_ms` and every witness report that waited twice as long in vain.

        `closed_until_ms` is the end of the last closed epoch: what is received up to then and still has no verdict is
        late. Returns the number of new verdicts. May be repeated after a crash at any point.
        """
        count = await self._judge_late(closed_until_ms)
        while beacons := await self._reports.unjudged(BEACON, until_ms=moment_ms, limit=BATCH):
            batch = _Batch()
            for beacon in beacons:
                await self._judge_beacon(beacon, batch)
            count += await self._commit(batch)
        while witnesses := await self._reports.unjudged(WITNESS, until_ms=moment_ms - self.ripe_ms, limit=BATCH):
            batch = _Batch()
            for witness in witnesses:
                batch.verdicts.append(await self._judge_straggler(witness))
            count += await self._commit(batch)
        return count

    async def next_ripe_ms(self, *, until_ms: int) -> int | None:
        """Return when the next report can be judged with `judge_until(until_ms)`; None when none waits."""
        beacon_ms = await self._reports.oldest_unjudged_ms(BEACON)
        witness_ms = await self._reports.oldest_unjudged_ms(WITNESS)
        moments = []
        if beacon_ms is not None and beacon_ms <= until_ms:
            moments.append(beacon_ms + self.ripe_ms)
        if witness_ms is not None and witness_ms <= until_ms - self.ripe_ms:
            moments.append(witness_ms + 2 * self.ripe_ms)
        return min(moments, default=None)

    async def inputs_of(self, poc_id: bytes) -> PocInput | None:
        """Return what a stored proof was judged from, for explanations; None when there is no such proof."""
        beacon = await self._reports.get(BEACON, poc_id)
        verdict = await self._verdicts.get(BEACON, poc_id)
        if beacon is None or verdict is None or verdict.reason == "late":
            return None
        inputs = JudgedInputs.from_bytes(verdict.inputs)
        stored = [await self._reports.get(WITNESS, report_id) for report_id in inputs.witnesses]
        return await self._input(beacon, [report for report in stored if report is not None], inputs.times)

    async def _judge_late(self, closed_until_ms: int) -> int:
        count = 0
        for kind in (BEACON, WITNESS):
            while reports := await self._reports.unjudged(kind, until_ms=closed_until_ms, limit=BATCH):
                batch = _Batch(verdicts=[self._row(report, None, reason="late") for report in reports])
                count += await self._commit(batch)
        return count

    async def _judge_beacon(self, beacon: StoredReport, batch: _Batch) -> None:
        if beacon.is_copy:
            await self._judge_copy(beacon, batch)
            return
        witnesses = await self._waiting_witnesses(beacon, batch)
        poc = await self._input(beacon, witnesses, ChainMap(batch.times, self._times))
        verdict = judge_poc(poc)
        if not verdict.beacon.valid and witnesses and await self._has_rival(beacon, batch):
            poc = replace(poc, witnesses=())
            witnesses = []
            verdict = judge_poc(poc)
        batch.times.update(verdict.times)
        self._add_poc(beacon, witnesses, poc, verdict, batch)

    async def _judge_copy(self, copy: StoredReport, batch: _Batch) -> None:
        poc = await self._input(copy, [], ChainMap(batch.times, self._times))
        reason = judge_poc(replace(poc, parameters=replace(poc.parameters, reciprocity_required=False))).beacon.reason
        row = self._row(copy, copy.report_id, reason=reason or "duplicate", inputs=self._inputs(poc, []).to_bytes())
        self._add(batch, row)

    def _add_poc(
        self, beacon: StoredReport, witnesses: list[StoredReport], poc: PocInput, verdict: PocVerdict, batch: _Batch
    ) -> None:
        inputs = self._inputs(poc, witnesses).to_bytes()
        row = self._row(beacon, verdict.poc_id, reason=verdict.beacon.reason, selected=True, inputs=inputs)
        self._add(batch, row)
        given = {one.position: one for one in (*verdict.selected, *verdict.unselected)}
        selected = {one.position for one in verdict.selected}
        for position, report in enumerate(witnesses):
            one = given.get(position)
            # The rules drop a self-witness from the proof; its sender still gets a verdict.
            reason, side = (one.judgement.reason, one.side) if one else ("self_witness", WITNESS_SIDE)
            row = self._row(report, verdict.poc_id, reason=reason, side=side, selected=position in selected)
            self._add(batch, row)

    async def _judge_straggler(self, report: StoredReport) -> VerdictRow:
        """Judge a witness report that no beacon took: its beacon was judged before, or never came."""
        beacons = await self._reports.of_payload(BEACON, report.data)
        for beacon in beacons:
            verdict = await self._verdicts.get(BEACON, beacon.report_id)
            if verdict is None or beacon.is_copy or verdict.reason == "late":
                continue
            if not verdict.valid:
                return self._row(report, beacon.report_id, reason=verdict.reason, side=BEACONER_SIDE)
            others = [row for row in await self._verdicts.of_poc(beacon.report_id) if row.kind == WITNESS]
            poc = await self._input(beacon, [report], self._times)
            facts = witness_facts(
                poc,
                beacon_facts(poc),
                poc.witnesses[0],
                first_ms=min([row.received_ms for row in others], default=report.received_ms),
                already_reported=any(row.gateway == report.gateway for row in others),
            )
            # Lag and entropy window have passed by now, so the table always finds a reason.
            reason = first_failure(WITNESS_RULES, facts).reason or "too_late"
            return self._row(report, beacon.report_id, reason=reason, side=WITNESS_SIDE)
        return self._row(report, None, reason="stale", side=WITNESS_SIDE)

    async def _waiting_witnesses(self, beacon: StoredReport, batch: _Batch) -> list[StoredReport]:
        limit_ms = beacon.received_ms + self.ripe_ms
        waiting = await self._reports.unjudged_of_payload(WITNESS, beacon.data, until_ms=limit_ms)
        return [report for report in waiting if (WITNESS, report.report_id) not in batch.judged]

    async def _has_rival(self, beacon: StoredReport, batch: _Batch) -> bool:
        limit_ms = beacon.received_ms + self.ripe_ms
        return any(
            other.report_id != beacon.report_id and not other.is_copy and (BEACON, other.report_id) not in batch.judged
            for other in await self._reports.unjudged_of_payload(BEACON, beacon.data, until_ms=limit_ms)
        )

    async def _input(
        self, beacon: StoredReport, witnesses: list[StoredReport], times: Mapping[bytes, KeptTimes]
    ) -> PocInput:
        report = lora_beacon_report_req_v1.FromString(beacon.body)
        entropy = await self._entropy.by_data(report.remote_entropy)
        keys = {beacon.gateway, *(witness.gateway for witness in witnesses)}
        return PocInput(
            beacon=ReceivedBeacon(report=report, received_ms=beacon.received_ms),
            witnesses=[
                ReceivedWitness(
                    report=lora_witness_report_req_v1.FromString(witness.body), received_ms=witness.received_ms
                )
                for witness in witnesses
            ],
            registry=self.gateways(keys, beacon.received_ms),
            denylist=self._denylist(beacon.received_ms),
            entropy=_entropy(entropy),
            times={key: times[key] for key in sorted(keys) if key in times},
            parameters=self._parameters,
        )

    def gateways(self, keys: Iterable[bytes], moment_ms: int) -> dict[bytes, Gateway]:
        """Return the admitted hotspots among `keys` as the rules see them at a moment."""
        found = {}
        for key in keys:
            hotspot = self._registry.hotspot_at(key, moment_ms)
            if hotspot is None:
                continue
            found[key] = Gateway(full=hotspot.is_full, asserted=_asserted(hotspot.location))
        return found

    def _denylist(self, moment_ms: int) -> Denylist | None:
        record = self._registry.denylist_at(moment_ms)
        if record is None:
            return None
        return ExplicitDenylist.of(tag=record.serial, keys=record.keys, edges=record.edges)

    def _inputs(self, poc: PocInput, witnesses: list[StoredReport]) -> JudgedInputs:
        return JudgedInputs(
            witnesses=tuple(report.report_id for report in witnesses),
            times=poc.times,
            entropy_s=poc.entropy.timestamp_s if poc.entropy else None,
            denylist_serial=poc.denylist.tag if poc.denylist else None,
        )

    def _row(
        self,
        report: StoredReport,
        poc_id: bytes | None,
        *,
        reason: str | None,
        side: str | None = None,
        selected: bool = False,
        inputs: bytes = b"{}",
    ) -> VerdictRow:
        return VerdictRow(
            kind=report.kind,
            report_id=report.report_id,
            gateway=report.gateway,
            poc_id=poc_id,
            received_ms=report.received_ms,
            epoch=self._calendar.epoch_of(report.received_ms),
            valid=reason is None,
            reason=reason,
            side=side,
            selected=selected and reason is None,
            rule_set=self._rule_set,
            inputs=inputs,
            judged_ms=self._clock.wall_ms(),
        )

    def _add(self, batch: _Batch, row: VerdictRow) -> None:
        batch.verdicts.append(row)
        batch.judged.add((row.kind, row.report_id))

    async def _commit(self, batch: _Batch) -> int:
        await self._database.apply(
            [
                self._verdicts.insert(batch.verdicts),
                self._verdicts.keep_times(batch.times),
                self._reports.mark_judged((row.kind, row.report_id) for row in batch.verdicts),
            ]
        )
        self._times.update(batch.times)
        return len(batch.verdicts)


def _entropy(row: EntropyRow | None) -> Entropy | None:
    if row is None:
        return None
    return Entropy(data=row.data, timestamp_s=row.timestamp_s, version=row.version)


def _asserted(row: AssertionRow | None) -> Asserted | None:
    if row is None:
        return None
    return Asserted(cell=int(row.cell, 16), region=row.region, gain_ddbi=row.gain_ddbi, elevation_m=row.elevation_m)
