"""Server-sent events as bytes come in, without input or output. Used by both transports' event streams."""

from dataclasses import dataclass
from typing import Any

from skerry_client.errors import BadAnswer
from skerry_core import strict_json

__all__ = ["ServerEvent", "SseParser"]

MAX_EVENT_BYTES = 1 << 20  # one event is one row of a list; a peer that sends more is not our agent


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One event: `topic` names the resource, or `gap` when events were lost and lists must be read again."""

    id: int
    topic: str
    data: dict[str, Any]

    @property
    def is_gap(self) -> bool:
        """Whether events were lost before this one."""
        return self.topic == "gap"


class SseParser:
    """Feed it chunks of any size; `last_id` is what to send as Last-Event-ID when connecting again."""

    def __init__(self, *, last_id: int | None = None) -> None:
        self.last_id = last_id
        self.retry_ms = 2000
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._lines_bytes = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that this chunk completes. Raises `BadAnswer`; the parser is then of no more use."""
        self._buffer += chunk
        events = []
        *lines, rest = bytes(self._buffer).replace(b"\r\n", b"\n").split(b"\n")
        if len(rest) > MAX_EVENT_BYTES:
            raise BadAnswer("an event is too large")
        self._buffer = bytearray(rest)
        for line in lines:
            if line:
                self._take_line(line)
            elif self._lines:
                event = self._finish()
                if event is not None:
                    events.append(event)
        return events

    def _take_line(self, line: bytes) -> None:
        self._lines_bytes += len(line)
        if self._lines_bytes > MAX_EVENT_BYTES:
            raise BadAnswer("an event is too large")
        if not line.startswith(b":"):  # a comment is a sign of life only
            self._lines.append(line)

    def _finish(self) -> ServerEvent | None:
        members: dict[bytes, bytes] = {}
        for line in self._lines:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            members[name] = members[name] + b"\n" + value if name == b"data" and name in members else value
        self._lines, self._lines_bytes = [], 0
        if (retry := members.get(b"retry", b"")).isdigit():
            self.retry_ms = min(60_000, int(retry[:9]))
        if b"data" not in members:
            return None
        return self._event(members)

    def _event(self, members: dict[bytes, bytes]) -> ServerEvent:
        untrusted_id = members.get(b"id", b"")
        if not (untrusted_id.isdigit() and len(untrusted_id) <= 16):
            raise BadAnswer("an event without an id")
        try:
            data = strict_json.loads(members[b"data"], limit_bytes=MAX_EVENT_BYTES)
        except strict_json.JsonRejected as error:
            raise BadAnswer(f"an event that is not JSON ({error.reason})") from None
        if not isinstance(data, dict):
            raise BadAnswer("an event that is not an object")
        self.last_id = int(untrusted_id)
        topic = members.get(b"event", b"message").decode("ascii", "replace")
        return ServerEvent(id=self.last_id, topic=topic, data=data)
