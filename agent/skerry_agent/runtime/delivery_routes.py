"""Where the outbox's beacon and witness reports go, and what becomes of their rows when they end."""

from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.reports import BEACON_CLASS, WITNESS_CLASS
from skerry_agent.store import OutboxItem, OutboxState, ReportState, Stores
from skerry_wire.sink import ReportSink

__all__ = ["serve_reports"]

_STATES = {
    OutboxState.DELIVERED: ReportState.DELIVERED,
    OutboxState.REFUSED: ReportState.REFUSED,
    OutboxState.EXPIRED: ReportState.EXPIRED,
}


def serve_reports(delivery: Delivery, sink: ReportSink, stores: Stores) -> None:
    """Deliver both kinds of reports to `sink`, and note in their rows how it ended."""

    async def send_beacon(item: OutboxItem) -> None:
        await sink.submit_beacon(item.body)

    async def send_witness(item: OutboxItem) -> None:
        await sink.submit_witness(item.body)

    async def beacon_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.beacons.set_state(item.id, _STATES[state], reason=reason)

    async def witness_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.witnesses.set_state(item.id, _STATES[state], reason=reason)

    delivery.serve(BEACON_CLASS, deliver=send_beacon, settled=beacon_settled)
    delivery.serve(WITNESS_CLASS, deliver=send_witness, settled=witness_settled)
