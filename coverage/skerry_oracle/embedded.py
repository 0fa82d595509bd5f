"""A whole oracle inside another process: operator mode and the demo embed it, `skerry oracle run` serves it.

oracle = EmbeddedOracle(database, network=..., signer=..., clock=clock, random_bytes=os.urandom, payer=pay)
await oracle.open()
async with asyncio.TaskGroup() as group:
    group.create_task(oracle.run(), name="oracle")
    receipt = await oracle.sink("agent 1").submit_beacon(report)
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.iot.ids import report_id
from skerry_coverage.iot.region_message import encode_region_params
from skerry_keys.signer import Signer
from skerry_oracle.entropy import CommittedEntropy, EntropySource
from skerry_oracle.epochs.driver import EpochDriver, EpochState, Payer
from skerry_oracle.errors import OracleError
from skerry_oracle.explain import explain_report
from skerry_oracle.ingest import Ingest
from skerry_oracle.judge import Judge
from skerry_oracle.limits import IngestLimits
from skerry_oracle.network import OracleNetwork
from skerry_oracle.refusals import Refusals
from skerry_oracle.registry.book import Registry
from skerry_oracle.registry.policy import AdmissionPolicy, ManualPolicy
from skerry_oracle.sink import EmbeddedSink
from skerry_oracle.store.database import Database
from skerry_oracle.store.epochs import EpochRow, EpochTable, ManifestRow
from skerry_oracle.store.packets import PacketTable
from skerry_oracle.store.reports import ReportTable
from skerry_oracle.store.verdicts import VerdictTable
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import region_params

__all__ = ["EmbeddedOracle", "published_region_params"]

_log = logging.getLogger(__name__)

COALESCE_MS = 1_000  # reports that ripen within a second are judged together
RETRY_S = 30.0  # after a failed payment or a database outage


class EmbeddedOracle:
    """One network's oracle. Parts are public: `registry`, `entropy`, `ingest`, `epochs`, the tables."""

    def __init__(
        self,
        database: Database,
        *,
        network: OracleNetwork,
        signer: Signer,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        payer: Payer | None = None,
        policy: AdmissionPolicy | None = None,
        entropy: EntropySource | None = None,
        limits: IngestLimits | None = None,
        is_time_known: Callable[[], bool] = lambda: True,
    ) -> None:
        """While `is_time_known()` is false no report is received, judged or paid: all of it goes by this clock."""
        self.network = network
        self.signer = signer
        self.clock = clock
        self.random_bytes = random_bytes
        self.database = database
        self.reports = ReportTable(database)
        self.verdicts = VerdictTable(database)
        self.epochs = EpochTable(database)
        self.packets = PacketTable(database)
        self.refusals = Refusals(database, calendar=network.calendar, clock=clock)
        self.entropy = entropy or CommittedEntropy(
            database,
            network=network.network,
            clock=clock,
            random_bytes=random_bytes,
            interval_s=network.profile.operator.entropy_interval_s,
        )
        self.registry = Registry(
            database,
            network=network.network,
            calendar=network.calendar,
            clock=clock,
            policy=policy or ManualPolicy(),
        )
        self.judge = Judge(
            database,
            clock=clock,
            calendar=network.calendar,
            registry=self.registry,
            parameters=network.parameters,
            rule_set=network.rule_set,
        )
        self.driver = EpochDriver(
            database,
            network=network,
            clock=clock,
            registry=self.registry,
            judge=self.judge,
            signer=signer,
            payer=payer,
            is_time_known=is_time_known,
        )
        self.ingest = Ingest(
            database,
            clock=clock,
            calendar=network.calendar,
            key_network=network.key_network,
            entropy=self.entropy,
            is_registered=self.registry.is_registered,
            report_id=lambda data, received_ms, key: report_id(data=data, received_ms=received_ms, public_key=key),
            refusals=self.refusals,
            limits=limits,
            is_time_known=is_time_known,
        )
        self._advancing = asyncio.Lock()
        self._is_time_known = is_time_known
        self._signed = asyncio.Event()  # a manifest that waited has all its signatures

    async def open(self) -> None:
        """Open the store, read what is kept in memory, sign the first denylist, publish the first entropy."""
        await self.database.open()
        await self.registry.load()
        await self.registry.ensure_denylist(self.signer)
        await self.judge.load()
        await self.driver.load()

    async def close(self) -> None:
        """Write the last counts, if there is room for them, and close the store."""
        try:
            await self.refusals.flush()
        except OracleError as error:
            _log.warning("%s: the last counts of refusals are lost (%s)", self.network.network, error)
        await self.database.close()

    def sink(self, peer: str) -> EmbeddedSink:
        """Return a connection for one agent; `peer` names it in limits and logs and marks its retries."""
        return EmbeddedSink(
            peer=peer,
            clock=self.clock,
            ingest=self.ingest,
            entropy=self.entropy,
            registry=self.registry,
            region_params=published_region_params,
        )

    async def run(self) -> None:
        """Publish entropy, judge what is ripe, close epochs that are due; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.entropy.run(), name=f"{self.network.network}: entropy")
            group.create_task(self._run_epochs(), name=f"{self.network.network}: epochs")

    async def advance(self) -> int:
        """Judge and close whatever is due now; return how many epochs became final. `run` does this by itself."""
        async with self._advancing:
            closed = await self.driver.advance()
            await self.refusals.flush()
            return closed

    async def close_epoch(self, epoch: int) -> EpochRow:
        """Advance until an epoch is final, waiting for its close if need be; return its row."""
        while True:
            await self.advance()
            row = await self.epochs.get(epoch)
            if row is not None and EpochState(row.state).is_final:
                return row
            await self.clock.sleep(max(0.001, (self.driver.due_ms - self.clock.wall_ms()) / 1000))

    async def sign_running_epoch(self) -> EpochRow:
        """Sign the running epoch's manifest before its time and leave it unpaid: a network's last act."""
        async with self._advancing:
            return await self.driver.sign_current()

    async def pay_signed_epoch(self) -> EpochRow:
        """Pay the epoch that is signed and waits for its payment; safe to repeat. Raises as the payer."""
        async with self._advancing:
            if EpochState(self.driver.current.state) is not EpochState.SIGNED:
                return self.driver.current
            return await self.driver.close_current()

    async def add_signature(self, epoch: int, public_key: bytes, signature: bytes) -> int:
        """Take another oracle's signature of a manifest; return how many are missing. Raises as the epoch driver.

        `run` is woken when none is: the epoch is paid then.
        """
        missing = await self.driver.add_signature(epoch, public_key, signature)
        if not missing:
            self._signed.set()
            self.ingest.stored.set()
        return missing

    async def manifest(self, epoch: int) -> ManifestRow | None:
        """Return an epoch's reward manifest."""
        return await self.epochs.manifest(epoch)

    async def explain(self, identifier: bytes) -> dict[str, Any]:
        """Explain the verdict on a report rule by rule. Raises `NotFoundError`."""
        return await explain_report(self.verdicts, self.judge, identifier)

    async def counts(self, epoch: int | None = None) -> dict[str, dict[str, int]]:
        """Return kind -> reason (or "valid") -> count, of verdicts and refusals together."""
        result: dict[str, dict[str, int]] = {}
        refused = await self.refusals.counts(epoch)
        for (kind, reason), count in [*(await self.verdicts.counts(epoch)).items(), *refused.items()]:
            of_kind = result.setdefault(kind, {})
            of_kind[reason or "valid"] = of_kind.get(reason or "valid", 0) + count
        return result

    async def status(self) -> dict[str, Any]:
        """Return what an operator looks at first."""
        current = self.driver.current
        return {
            "network": self.network.network,
            "profile_hash": self.network.profile_hash,
            "token": self.network.token,
            "test_tokens": self.network.test_tokens,
            "epoch": {"number": current.epoch, "state": current.state, "closes_ms": self.driver.due_ms},
            "waiting": [
                {"epoch": epoch, "missing_signatures": await self.driver.missing_signatures(epoch)}
                for epoch in self.driver.waiting
            ],
            "hotspots": len(self.registry.registrations()),
            "reports": await self.reports.counts(),
            "policy": self.registry.policy.name,
        }

    async def _run_epochs(self) -> None:
        failing = False
        while True:
            if not self._is_time_known():
                await self.clock.sleep(RETRY_S)
                continue
            try:
                await self.advance()
                failing = False
            except SkerryError as error:  # payer or database; both come back, and every step may be repeated
                if not failing:
                    _log.warning("%s: epoch work waits: %s", self.network.network, error)
                failing = True
                await self.clock.sleep(RETRY_S)
                continue
            await self._wait_for_work()

    async def _wait_for_work(self) -> None:
        """Sleep until something is ripe or due, or a manifest has its signatures; a report may bring it forward."""
        self.ingest.stored.clear()
        self._signed.clear()
        work_ms, may_come_sooner = await self.driver.next_work_ms()
        wait_s = max(0.001, (work_ms + COALESCE_MS - self.clock.wall_ms()) / 1000)
        try:
            async with self.clock.timeout(wait_s):
                await (self.ingest.stored if may_come_sooner else self._signed).wait()
        except TimeoutError:
            pass


@cache
def published_region_params(region: str) -> bytes | None:
    """Return a region's encoded `blockchain_region_params_v1`; None where nothing is published."""
    try:
        return encode_region_params(region_params(region)).SerializeToString()
    except UnknownRegion:
        return None
