"""Where the outbox's beacon and witness reports go, and what becomes of their rows and frames when they end."""

from collections.abc import Awaitable, Callable

from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.runtime.reports import BEACON_CLASS, WITNESS_CLASS
from skerry_agent.store import OutboxItem, OutboxState, ReportState, Stores
from skerry_wire.sink import ReportSink

__all__ = ["serve_reports"]

_STATES = {
    OutboxState.DELIVERED: ReportState.DELIVERED,
    OutboxState.REFUSED: ReportState.REFUSED,
    OutboxState.EXPIRED: ReportState.EXPIRED,
}
_STAGES = {
    OutboxState.DELIVERED: Stage.ACKNOWLEDGED,
    OutboxState.REFUSED: Stage.SENT,
    OutboxState.EXPIRED: Stage.QUEUED,
}


Advance = Callable[[str, Stage, str | None], Awaitable[None]]


def serve_reports(delivery: Delivery, sink: ReportSink, stores: Stores, *, advance: Advance) -> None:
    """Deliver both kinds of reports to `sink`, and note in their rows how it ended.

    `advance` is told how far the frame of a witness report came by it.
    """

    async def send_beacon(item: OutboxItem) -> None:
        await sink.submit_beacon(item.body)

    async def send_witness(item: OutboxItem) -> None:
        await sink.submit_witness(item.body)

    async def beacon_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.beacons.set_state(item.id, _STATES[state], reason=reason)

    async def witness_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.witnesses.set_state(item.id, _STATES[state], reason=reason)
        row = await stores.witnesses.get(item.id)
        if row is not None and row.packet_id is not None:
            stage = _STAGES[state]
            await advance(row.packet_id, stage, None if stage is Stage.ACKNOWLEDGED else reason or state.value)

    delivery.serve(BEACON_CLASS, deliver=send_beacon, settled=beacon_settled)
    delivery.serve(WITNESS_CLASS, deliver=send_witness, settled=witness_settled)
