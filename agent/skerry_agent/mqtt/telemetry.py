"""The agent's state as one JSON object for MQTT: what a home wants to see, with nothing secret in it."""

from typing import Any

from skerry_agent.alerts.book import BOOK, AlertBook
from skerry_agent.api.live import device_counts
from skerry_agent.api.present import rfc3339
from skerry_agent.api.view import AgentView
from skerry_agent.store import Stores
from skerry_core import __version__
from skerry_core.clock import NS_PER_S

__all__ = ["telemetry"]

DAY_NS = 86_400 * NS_PER_S


async def telemetry(view: AgentView, stores: Stores, *, now_ns: int) -> dict[str, Any]:
    """Return the state; what is unknown is null. Raises `StoreUnavailable`."""
    status = view.status()
    devices = device_counts(await stores.devices.all(), view.devices())
    newest = (await stores.packets.page(limit=1)).rows
    book = AlertBook.from_json(await stores.facts.get(BOOK))
    return {
        "verdict": status.state.value,
        "summary": status.summary,
        "next_step": status.next_step,
        **{f"devices_{state}": count for state, count in devices.items()},
        "beacons_day": await stores.beacons.count_since(now_ns - DAY_NS),
        "queue": sum(one.waiting for one in await stores.outbox.backlog()),
        "last_packet_age_s": max(0, now_ns - newest[0].at_ns) // NS_PER_S if newest else None,
        "last_packet": rfc3339(newest[0].at_ns) if newest else None,
        "clock_synchronised": status.clock.synchronised,
        "alerts": book.standing(),
        "test_tokens": view.test_tokens,
        "version": __version__,
        "as_of": rfc3339(now_ns),
    }
