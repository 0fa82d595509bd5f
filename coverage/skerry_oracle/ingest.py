"""Takes signed reports in: limits, signature, network, entropy; stores the exact bytes before it acknowledges.

Retry or replay? Agents deliver at least once, so the same content may come again honestly. Content is what was signed
(the message without its signature), so a report that is signed again for a new session is the same content.

- **Retry**: same content, same party, within `RETRY_WINDOW_S` of its first receipt. The party is the gateway that
  opened the session, or the peer's address where there is none. The first receipt is repeated, nothing is stored.
- **Replay**: every other repetition. It is stored as a copy and judged by the rules like any report, so its verdict
  names the exact reason; but a copy never changes the times kept per gateway and never becomes valid
  (`skerry_oracle.judge`), so that nobody can burn a hotspot's beacon slot by replaying what it sent.
"""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable

from skerry_core.clock import Clock
from skerry_coverage.iot.signed_report import Report, SignedReport
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_oracle.entropy import EntropySource
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.errors import StoreBusy, StoreFailed
from skerry_oracle.limits import IngestLimits, RateLimiter
from skerry_oracle.refusals import Refusals
from skerry_oracle.store.database import Database
from skerry_oracle.store.reports import BEACON, WITNESS, ReportTable, SessionRow, StoredReport
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.sink import Receipt, SinkRefused, SinkUnavailable

__all__ = ["RETRY_WINDOW_S", "Arrival", "Ingest"]

RATE_LIMITED = "rate_limited"
RETRY_WINDOW_S = 180  # the life of entropy: a later repetition of an honest report could not be valid anyway
REMEMBERED_CONTENTS = 50_000  # recent content ids, some 10 MB at most


class Ingest:
    """One oracle's door: `submit` for single reports, `accept` for those of a stream."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        calendar: EpochCalendar,
        key_network: str,
        entropy: EntropySource,
        is_registered: Callable[[bytes], bool],
        report_id: Callable[[bytes, int, bytes], bytes],
        refusals: Refusals,
        limits: IngestLimits | None = None,
        is_time_known: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._table = ReportTable(database)
        self._clock = clock
        self._calendar = calendar
        self._key_network = key_network
        self._entropy = entropy
        self._is_registered = is_registered
        self._report_id = report_id
        self._refusals = refusals
        self._is_time_known = is_time_known
        self.limits = limits or IngestLimits()
        self._per_peer = RateLimiter(
            clock=clock,
            per_s=self.limits.reports_per_s_per_peer,
            burst=self.limits.burst_per_peer,
            max_keys=self.limits.tracked_peers,
        )
        self._total = RateLimiter(
            clock=clock, per_s=self.limits.reports_per_s_total, burst=self.limits.burst_total, max_keys=1
        )
        self.stored = asyncio.Event()  # set at each stored report; who waits for it clears it
        self._recent: OrderedDict[tuple[bytes, str], Arrival] = OrderedDict()
        self._epoch = -1
        self._stored_of: Counter[bytes] = Counter()
        self._stored_unknown = 0

    async def submit(self, kind: str, body: bytes, *, peer: str) -> Receipt:
        """Store one encoded report that the gateway key itself signed; return when it was received.

        Raises `SinkRefused` (malformed, wrong_network, bad_signature, bad_entropy, gateway_not_found) for good,
        `SinkUnavailable` when the same report may be sent again later: rate_limited, the store is down, or the clock
        is not right.
        """
        received_ms = self._now_ms()
        try:
            self._check_rate(peer)
            report = SignedReport.take(self._parse(kind, body), body)
            self._check_key(report.report.pub_key)
            # The limits come first: a signature check costs more than everything before it together.
            if not report.is_signed_by(report.report.pub_key):
                raise SinkRefused("bad_signature")
            arrival = await self._store(kind, report, received_ms, peer=peer, party=peer, session=None)
        except (SinkRefused, StoreBusy, StoreFailed) as error:
            raise self._noted(error, kind, body, peer) from error
        return await arrival.receipt()

    async def accept(self, report: SignedReport, *, peer: str, session: SessionRow) -> "Arrival":
        """Take a report whose session signature and gateway are checked; it is on its way to disk when this returns.

        An admitted hotspot has a rate of its own here: many may stand behind one address. Raises as `submit`.
        """
        received_ms = self._now_ms()
        kind = BEACON if isinstance(report.report, lora_beacon_report_req_v1) else WITNESS
        party = session.gateway.hex()
        try:
            if len(report.body) > self.limits.report_bytes:
                raise SinkRefused("malformed")
            self._check_rate(party if self._is_registered(session.gateway) else peer)
            return await self._store(kind, report, received_ms, peer=peer, party=party, session=session)
        except (SinkRefused, StoreBusy, StoreFailed) as error:
            raise self._noted(error, kind, report.body, peer) from error

    def _now_ms(self) -> int:
        now_ms = self._clock.wall_ms()
        if not self._is_time_known():
            raise SinkUnavailable("the oracle's clock is not right now, and a report counts by its time of receipt")
        return now_ms

    async def _store(
        self, kind: str, one: SignedReport, received_ms: int, *, peer: str, party: str, session: SessionRow | None
    ) -> "Arrival":
        report = one.report
        if kind == BEACON and await self._entropy.find(report.remote_entropy) is None:  # type: ignore[union-attr]
            raise SinkRefused("bad_entropy")
        content_id = hashlib.sha256(one.signed).digest()
        earlier = self._recent.get((content_id, party))
        if (
            earlier is not None
            and not earlier.has_failed
            and received_ms - earlier.received_ms <= RETRY_WINDOW_S * 1000
        ):
            return earlier
        self._check_quota(report.pub_key, received_ms)
        stored = StoredReport(
            kind=kind,
            report_id=self._report_id(report.data, received_ms, report.pub_key),
            content_id=content_id,
            gateway=report.pub_key,
            data=report.data,
            body=one.body,
            received_ms=received_ms,
            stored_ms=self._clock.wall_ms(),
            session_id=session.session_id if session else None,
            peer=peer,
            is_copy=False,
        )
        storing = await self._database.enqueue([self._table.insert(stored)])
        storing.add_done_callback(lambda _: self.stored.set())
        arrival = Arrival(received_ms, storing)
        self._recent[content_id, party] = arrival
        if len(self._recent) > REMEMBERED_CONTENTS:
            self._recent.popitem(last=False)
        return arrival

    def _check_rate(self, party: str) -> None:
        if not self._per_peer.take(party) or not self._total.take("all"):
            raise SinkRefused(RATE_LIMITED)

    def _noted(
        self, error: SinkRefused | StoreBusy | StoreFailed, kind: str, body: bytes, peer: str
    ) -> SinkRefused | SinkUnavailable:
        """Count a refusal; return what the sender is told."""
        if not isinstance(error, SinkRefused):
            return SinkUnavailable(f"the oracle cannot store reports now: {error}")
        self._refusals.note(kind=kind, reason=error.reason, peer=peer, body=body[: self.limits.report_bytes])
        # An honest hotspot with a full outbox comes back later.
        return SinkUnavailable(RATE_LIMITED) if error.reason == RATE_LIMITED else error

    def _parse(self, kind: str, body: bytes) -> Report:
        limit = self.limits.report_bytes
        try:
            if kind == BEACON:
                return parse(lora_beacon_report_req_v1, body, limit_bytes=limit)
            return parse(lora_witness_report_req_v1, body, limit_bytes=limit)
        except MessageRejected as error:
            raise SinkRefused("malformed") from error

    def _check_key(self, key: bytes) -> None:
        try:
            network = PublicKey(key).network
        except KeyRejected as error:
            raise SinkRefused("malformed") from error
        if network != self._key_network:
            raise SinkRefused("wrong_network")

    def _check_quota(self, gateway: bytes, received_ms: int) -> None:
        """Bound what an epoch can store: per gateway, and for all gateways that are not admitted together."""
        epoch = self._calendar.epoch_of(received_ms)
        if epoch != self._epoch:
            self._epoch, self._stored_unknown = epoch, 0
            self._stored_of.clear()
        if self._is_registered(gateway):
            if self._stored_of[gateway] >= self.limits.reports_per_gateway_and_epoch:
                raise SinkRefused(RATE_LIMITED)
            self._stored_of[gateway] += 1
            return
        if self._stored_unknown >= self.limits.unknown_reports_per_epoch:
            raise SinkRefused("gateway_not_found")
        self._stored_unknown += 1


class Arrival:
    """A report on its way to disk. Whoever sends it again meanwhile waits for the same one."""

    __slots__ = ("_storing", "received_ms")

    def __init__(self, received_ms: int, storing: "asyncio.Future[list[int]]") -> None:
        self.received_ms = received_ms
        self._storing = storing

    @property
    def has_failed(self) -> bool:
        """Whether the report could not be stored."""
        return self._storing.done() and (self._storing.cancelled() or self._storing.exception() is not None)

    async def receipt(self) -> Receipt:
        """Return the receipt once the report survives a crash. Raises `SinkUnavailable`."""
        try:
            # Shielded: one waiter that gives up must not take the report away from the others.
            await asyncio.shield(self._storing)
        except (StoreBusy, StoreFailed) as error:
            raise SinkUnavailable(f"the oracle cannot store reports now: {error}") from error
        return Receipt(received_ms=self.received_ms)
