"""Closes epochs step by step: verify, share, state the manifest, sign, pay.

Each step writes its result and the epoch's new state in one transaction, and starts from what the step before left, so
that a crash anywhere is followed by the same step again. Paying is the only step with an effect outside the store: the
payer must be idempotent by (network, epoch), which the marker accounts make it (DESIGN, Settlement).

    open -> verified -> shared -> stated -> signed -> paid
                                               |  \\-> unpaid   (no payer: what would have been earned)
                                               \\-> waiting -> paid   (other oracles have to sign too)

An epoch that waits for signatures holds up nothing: the next one runs, and it is paid once they are there.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum

from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError, RefusedError
from skerry_coverage.iot.density import density_map
from skerry_coverage.iot.shares import active_cells
from skerry_coverage.manifest import Manifest
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.verify import verify
from skerry_oracle.epochs.settle import EpochSums, ProofFacts, build_manifest, shares_of
from skerry_oracle.judge import Judge
from skerry_oracle.network import OracleNetwork
from skerry_oracle.registry.book import Registry
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.epochs import EpochRow, EpochTable, ManifestRow
from skerry_oracle.store.packets import PacketTable
from skerry_oracle.store.reports import BEACON, ReportTable
from skerry_oracle.store.verdicts import VerdictTable

__all__ = ["MANIFEST_DOMAIN", "EpochDriver", "EpochState", "Payer", "Payment", "PayoutOrder"]

_log = logging.getLogger(__name__)

MANIFEST_DOMAIN = "manifest"


class EpochState(Enum):
    """How far an epoch is."""

    OPEN = "open"
    VERIFIED = "verified"
    SHARED = "shared"
    STATED = "stated"
    SIGNED = "signed"
    WAITING = "waiting"
    PAID = "paid"
    UNPAID = "unpaid"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the epoch."""
        return self in (EpochState.PAID, EpochState.UNPAID)

    @property
    def is_closed(self) -> bool:
        """Whether the next epoch may run."""
        return self.is_final or self is EpochState.WAITING


@dataclass(frozen=True, slots=True)
class Payment:
    """One owner's amount: Solana address, token name, base units."""

    owner: str
    token: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """What a payer is asked to pay; it checks the signatures itself and refuses a second manifest for an epoch."""

    network: str
    epoch: int
    payments: tuple[Payment, ...]
    manifest: bytes
    manifest_hash: bytes
    signatures: tuple[tuple[bytes, bytes], ...]  # (public key, evidence signature in domain "manifest")


Payer = Callable[[PayoutOrder], Awaitable[str]]
"""Pays an order once, however often it is asked; returns a receipt when the payment is final."""


class EpochDriver:
    """One network's epochs. `load()` before use; one call at a time."""

    def __init__(
        self,
        database: Database,
        *,
        network: OracleNetwork,
        clock: Clock,
        registry: Registry,
        judge: Judge,
        signer: Signer,
        payer: Payer | None,
        is_time_known: Callable[[], bool],
    ) -> None:
        self._database = database
        self._epochs = EpochTable(database)
        self._verdicts = VerdictTable(database)
        self._reports = ReportTable(database)
        self._packets = PacketTable(database)
        self._network = network
        self._calendar = network.calendar
        self._clock = clock
        self._registry = registry
        self._judge = judge
        self._signer = signer
        self._payer = payer
        self._is_time_known = is_time_known
        self._current: EpochRow | None = None
        self._waiting: list[EpochRow] = []

    async def load(self) -> None:
        """Find the first epoch that is not final; a new oracle begins with the running one."""
        rows = await self._epochs.all()
        running = [row for row in rows if not EpochState(row.state).is_closed]
        self._waiting = [row for row in rows if EpochState(row.state) is EpochState.WAITING]
        if running:
            self._current = running[0]
            return
        latest = await self._epochs.latest()
        # A millisecond on: an oracle that starts at an epoch's very end begins with the next one.
        number = latest.epoch + 1 if latest else self._calendar.epoch_of(self._clock.wall_ms() + 1)
        self._current = self._row(number, EpochState.OPEN)
        await self._database.apply([self._epochs.set_state(self._current)])

    @property
    def current(self) -> EpochRow:
        """The oldest epoch that is not closed."""
        assert self._current is not None, "load() comes first"
        return self._current

    @property
    def waiting(self) -> tuple[int, ...]:
        """The epochs that wait for other oracles' signatures, oldest first."""
        return tuple(row.epoch for row in self._waiting)

    @property
    def due_ms(self) -> int:
        """When the current epoch may be closed: its reports are in and ripe."""
        epoch = self.current.epoch
        return max(self._calendar.close_ms(epoch), self.current.end_ms + 2 * self._judge.ripe_ms)

    async def next_work_ms(self) -> tuple[int, bool]:
        """Return when there is something to do next, and whether a new report could bring that forward."""
        ripe_ms = await self._judge.next_ripe_ms(until_ms=self._judged_at_most_ms)
        return (self.due_ms, True) if ripe_ms is None else (min(ripe_ms, self.due_ms), False)

    async def advance(self) -> int:
        """Judge what is ripe and close every epoch that is due; return how many epochs became final.

        A clock that is not known judges and closes nothing: what an epoch closed too early leaves out is lost to it.
        """
        closed = await self._pay_waiting()
        while True:
            now_ms = self._clock.wall_ms()
            if not self._is_time_known():  # asked after the reading: what was read before a jump is right
                return closed
            await self._judge_ripe(now_ms)
            if now_ms < self.due_ms:
                return closed
            await self.close_current()
            closed += 1

    async def close_current(self) -> EpochRow:
        """Take the current epoch through its remaining steps and open the next; return the closed one."""
        row = self.current
        while not EpochState(row.state).is_closed:
            row = await self._step(row)
            self._current = row
        if EpochState(row.state) is EpochState.WAITING:
            self._waiting.append(row)
        following = replace(self._row(row.epoch + 1, EpochState.OPEN), changed_ms=self._stamp_ms(row))
        await self._database.apply([self._epochs.set_state(following)])
        self._current = following
        return row

    async def sign_current(self) -> EpochRow:
        """Take the current epoch up to its signed manifest, due or not; its payment is left for later."""
        while EpochState(self.current.state) is not EpochState.SIGNED and not EpochState(self.current.state).is_closed:
            self._current = await self._step(self.current)
        return self.current

    async def add_signature(self, epoch: int, public_key: bytes, signature: bytes) -> int:
        """Take another oracle's signature of a manifest; return how many are still missing. Repeating is harmless.

        Raises `NotFoundError` E_NO_MANIFEST, `RefusedError` E_NOT_AN_ORACLE, E_BAD_SIGNATURE.
        """
        manifest = await self._epochs.manifest(epoch)
        if manifest is None:
            raise NotFoundError("E_NO_MANIFEST", f"Epoch {epoch} has no manifest.")
        if public_key not in self._network.oracle_keys:
            raise RefusedError("E_NOT_AN_ORACLE", "The profile does not name this key among the network's oracles.")
        if not verify(public_key, evidence_message(MANIFEST_DOMAIN, self._network.network, manifest.hash), signature):
            raise RefusedError("E_BAD_SIGNATURE", f"This is no signature of the manifest of epoch {epoch}.")
        await self._database.apply([self._epochs.insert_signature(epoch, signer=public_key, signature=signature)])
        return await self.missing_signatures(epoch)

    async def missing_signatures(self, epoch: int) -> int:
        """Return how many more oracles have to sign an epoch's manifest before it is paid."""
        signed = {key for key, _ in await self._epochs.signatures(epoch)} & self._network.oracle_keys
        return max(0, self._network.signatures_needed - len(signed))

    async def order(self) -> PayoutOrder | None:
        """Return what is to be paid for the current epoch; None before it is signed, or when nobody earned anything."""
        return await self._order(self.current) if EpochState(self.current.state) is EpochState.SIGNED else None

    async def _order(self, row: EpochRow) -> PayoutOrder | None:
        manifest = await self._stated(row.epoch)
        totals = Manifest.from_bytes(manifest.body).owner_totals()
        payments = tuple(Payment(owner, self._network.token, amount) for owner, amount in totals.items())
        if not payments:
            return None
        return PayoutOrder(
            network=self._network.network,
            epoch=row.epoch,
            payments=payments,
            manifest=manifest.body,
            manifest_hash=manifest.hash,
            signatures=tuple(await self._epochs.signatures(row.epoch)),
        )

    @property
    def _judged_at_most_ms(self) -> int:
        """How far the open epoch judges: density is taken from the kept times as they are then, live or afterwards."""
        return self.current.end_ms + self._judge.ripe_ms

    async def _judge_ripe(self, now_ms: int) -> None:
        if self.current.state == EpochState.OPEN.value:
            moment_ms = min(now_ms - self._judge.ripe_ms, self._judged_at_most_ms)
            await self._judge.judge_until(moment_ms, closed_until_ms=self.current.start_ms)

    async def _step(self, row: EpochRow) -> EpochRow:
        match EpochState(row.state):
            case EpochState.OPEN:
                await self._judge.judge_until(self._judged_at_most_ms, closed_until_ms=row.start_ms)
                return await self._enter(row, EpochState.VERIFIED, [])
            case EpochState.VERIFIED:
                return await self._enter(row, EpochState.SHARED, [await self._shares(row)])
            case EpochState.SHARED:
                return await self._enter(row, EpochState.STATED, await self._manifest(row))
            case EpochState.STATED:
                return await self._enter(row, EpochState.SIGNED, [await self._signature(row)])
            case EpochState.SIGNED:
                return await self._pay(row)
            case final:
                raise AssertionError(f"epoch {row.epoch} is {final.value}")

    async def _shares(self, row: EpochRow) -> Statement:
        verdicts = [
            verdict for verdict in await self._verdicts.of_epoch(row.epoch, valid_only=True) if verdict.selected
        ]
        proofs = await self._proofs({verdict.poc_id for verdict in verdicts if verdict.poc_id is not None})
        density = density_map(self._active_cells(row.end_ms), self._network.entry.density_table)
        shares = shares_of(verdicts, proofs=proofs, owners=self._owners(), density=density)
        return self._epochs.insert_shares(shares)

    async def _proofs(self, poc_ids: set[bytes]) -> dict[bytes, ProofFacts]:
        selected = await self._verdicts.selected_of(sorted(poc_ids))
        proofs = {}
        for poc_id in poc_ids:
            beacon = await self._reports.get(BEACON, poc_id)
            assert beacon is not None
            hotspot = self._registry.hotspot_at(beacon.gateway, beacon.received_ms)
            assert hotspot is not None
            assert hotspot.location is not None  # the beacon was valid
            proofs[poc_id] = ProofFacts(beaconer_cell=int(hotspot.location.cell, 16), selected=selected[poc_id])
        return proofs

    def _active_cells(self, end_ms: int) -> dict[int, int]:
        """Count, by cell, the hotspots whose beacon others had reported lately at the epoch's end (iot-poc 4.6)."""
        times = self._judge.times
        return active_cells(
            self._judge.gateways(times, end_ms), times, now_ms=end_ms, window_s=self._network.entry.density_window_s
        )

    def _owners(self) -> dict[bytes, bytes]:
        return {row.gateway: row.owner for row in self._registry.registrations()}

    async def _manifest(self, row: EpochRow) -> list[Statement]:
        previous = await self._epochs.manifest(row.epoch - 1)
        lifetime = await self._epochs.lifetime()
        carried = await self._packets.data_credits(row.epoch)
        sums = EpochSums(
            epoch=row.epoch,
            owners=self._owners(),
            data_credits=carried,
            lifetime=lifetime,
            previous_hash=previous.hash if previous else None,
        )
        manifest = build_manifest(await self._epochs.shares(row.epoch), sums, self._network)
        made = ManifestRow(epoch=row.epoch, body=manifest.to_bytes(), hash=manifest.hash, made_ms=self._stamp_ms(row))
        totals = {line.hotspot: line.lifetime_bones for line in manifest.rows()}
        return [self._epochs.insert_manifest(made), self._epochs.set_lifetime(totals)]

    async def _signature(self, row: EpochRow) -> Statement:
        manifest = await self._stated(row.epoch)
        if Manifest.from_bytes(manifest.body).hash != manifest.hash:
            raise AssertionError(f"the stored manifest of epoch {row.epoch} does not match its hash")
        signature = self._signer.sign_evidence(MANIFEST_DOMAIN, self._network.network, manifest.hash)
        return self._epochs.insert_signature(row.epoch, signer=self._signer.public_key, signature=signature)

    async def _pay(self, row: EpochRow) -> EpochRow:
        if self._payer is None:
            return await self._enter(row, EpochState.UNPAID, [])
        if await self.missing_signatures(row.epoch):
            return await self._enter(row, EpochState.WAITING, [])
        order = await self._order(row)
        receipt = "nothing to pay" if order is None else await self._payer(order)
        paid = self._epochs.insert_payout(row.epoch, receipt=receipt, paid_ms=self._stamp_ms(row))
        return await self._enter(row, EpochState.PAID, [paid])

    async def _pay_waiting(self) -> int:
        """Pay the epochs whose signatures have come together, oldest first; return how many."""
        if self._payer is None:
            return 0
        paid = 0
        for row in list(self._waiting):
            if await self.missing_signatures(row.epoch) == 0:
                await self._pay(row)
                self._waiting.remove(row)
                paid += 1
        return paid

    async def _stated(self, epoch: int) -> ManifestRow:
        manifest = await self._epochs.manifest(epoch)
        assert manifest is not None
        return manifest

    async def _enter(self, row: EpochRow, state: EpochState, statements: list[Statement]) -> EpochRow:
        moved = replace(row, state=state.value, changed_ms=self._stamp_ms(row))
        await self._database.apply([*statements, self._epochs.set_state(moved)])
        _log.info("epoch %d: %s", row.epoch, state.value)
        return moved

    def _stamp_ms(self, row: EpochRow) -> int:
        """Return the time; that of the row's last step when the clock has jumped since, which may be during a close."""
        now_ms = self._clock.wall_ms()
        return now_ms if self._is_time_known() else row.changed_ms

    def _row(self, epoch: int, state: EpochState) -> EpochRow:
        return EpochRow(
            epoch=epoch,
            state=state.value,
            start_ms=self._calendar.start_ms(epoch),
            end_ms=self._calendar.end_ms(epoch),
            changed_ms=self._clock.wall_ms(),
        )
