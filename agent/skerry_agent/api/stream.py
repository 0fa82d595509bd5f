"""`GET /api/v1/events`: server-sent events with ids, resume by Last-Event-ID, gap events, heartbeats and a cap."""

import json
from typing import Any

from aiohttp import web

from skerry_agent.api.present import rfc3339
from skerry_agent.api.problems import Unauthorised
from skerry_agent.events import Event, EventHub, Gap, Subscription
from skerry_core.clock import io_timeout
from skerry_core.errors import UsageError

__all__ = ["EventStreams"]

HEARTBEAT_S = 15.0  # proxies close silent connections after 30 s or more
WRITE_LIMIT_S = 10.0  # a client that takes nothing for so long is gone
MAX_EVENT_ID = (1 << 53) - 1  # the largest whole number that every JSON reader keeps exact
TOPICS = frozenset(
    {"status", "devices", "packets", "beacons", "witnesses", "rewards", "balances", "jobs", "ports", "agent"}
)


class EventStreams:
    """The open streams of one server."""

    def __init__(self, hub: EventHub, *, cap: int, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._hub = hub
        self._cap = cap
        self._heartbeat_s = heartbeat_s
        self.open = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream until the client goes or the agent stops. Raises `Unauthorised` E_STREAM_FULL, `UsageError`."""
        after, topics = _position(request), _topics(request)
        if self.open >= self._cap:
            raise Unauthorised(
                503, "E_STREAM_FULL", f"All {self._cap} event streams are in use.",
                remedy="Close one, or raise api.stream_clients.", retry_after_s=30,
            )  # fmt: skip
        self.open += 1
        try:
            return await self._stream(request, after, topics)
        finally:
            self.open -= 1

    async def _stream(self, request: web.Request, after: int | None, topics: frozenset[str]) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "X-Accel-Buffering": "no",
            }
        )
        subscription = self._hub.subscribe(after=after, topics=topics)
        await response.prepare(request)
        try:
            await _write(response, f"retry: 2000\n: last id {self._hub.last_id}\n\n")
            while not self._hub.closed:
                await _write(response, await self._next(subscription))
        except ConnectionResetError:
            pass  # the client went; it resumes with the last id that it has
        return response

    async def _next(self, subscription: Subscription) -> str:
        try:
            async with io_timeout(self._heartbeat_s):
                return "".join(_frame(item) for item in await subscription.next())
        except TimeoutError:
            return ": alive\n\n"


async def _write(response: web.StreamResponse, text: str) -> None:
    async with io_timeout(WRITE_LIMIT_S):
        await response.write(text.encode())


def _frame(item: Event | Gap) -> str:
    body: dict[str, Any]
    match item:
        case Event():
            name, body = item.topic, {"at": rfc3339(item.at_ns), "data": dict(item.data)}
        case Gap():
            name, body = "gap", {"after": item.after, "id": item.id}
    return f"id: {item.id}\nevent: {name}\ndata: {json.dumps(body)}\n\n"


def _position(request: web.Request) -> int | None:
    """Return the last id that the client has; what a browser remembers counts more than what the address says."""
    remembered, named = request.headers.get("Last-Event-ID"), request.query.get("after")
    ids = [_event_id(text) for text in (remembered, named) if text is not None]
    return ids[0] if ids else None


def _event_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16) or int(text) > MAX_EVENT_ID:
        raise UsageError("E_EVENT_ID", "An event id is a whole number.", remedy="Connect without one.")
    return int(text)


def _topics(request: web.Request) -> frozenset[str]:
    names = frozenset(name for name in request.query.get("topics", "").split(",") if name)
    if not names <= TOPICS:
        raise UsageError("E_TOPIC", f"Topics are {', '.join(sorted(TOPICS))}.")
    return names
