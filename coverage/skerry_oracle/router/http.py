"""Carries packets to LoRaWAN network servers by HTTP: copies gathered for a moment, posted, the answer's downlink sent.

A server that fails is left alone for a while, longer each time; packets for it count as not delivered meanwhile.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skerry_core import strict_json
from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_oracle.router.downlinks import Downlinks
from skerry_oracle.router.roaming import Copy, prstart_req, read_downlink
from skerry_oracle.router.roaming_errors import RoamingRejected
from skerry_oracle.router.servers import HttpServer
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_up_v1

if TYPE_CHECKING:
    import aiohttp

__all__ = ["MAX_ANSWER_BYTES", "HttpHub"]

_log = logging.getLogger(__name__)

MAX_WAITING = 1_000  # uplinks between their first copy and their answer; more are refused
MAX_COPIES = 100  # of one uplink in one message
MAX_ANSWER_BYTES = 65_536
POST_TIMEOUT_S = 4.0  # a join's first window opens after five seconds
ATTEMPTS = 2
RETRY_PAUSE_S = 0.25
BACK_OFF_S = (1, 2, 4, 8, 16, 32, 60)  # after so many failures in a row; ours, the sheet has no numbers


@dataclass(slots=True, kw_only=True)
class _Uplink:
    server: HttpServer
    net_id: int
    payload: bytes
    copies: list[Copy] = field(default_factory=list)


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    until_ns: int = 0


class HttpHub:
    """All servers reached by HTTP. Nothing is sent unless `run()` runs."""

    def __init__(self, *, clock: Clock, downlinks: Downlinks, random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._downlinks = downlinks
        self._random_bytes = random_bytes
        self.secret = random_bytes(32)  # of the tokens; new at each start
        self._open: dict[tuple[str, bytes], _Uplink] = {}  # still gathering copies
        self._started: asyncio.Queue[_Uplink] = asyncio.Queue(MAX_WAITING)
        self._troubles: dict[str, _Trouble] = {}
        self._sending = 0

    def deliver(self, packet: packet_router_packet_up_v1, server: HttpServer, *, net_id: int) -> bool:
        """Take one copy of an uplink for a server; False while the server is left alone or too much waits."""
        trouble = self._troubles.get(server.name)
        if trouble is not None and self._clock.monotonic_ns() < trouble.until_ns:
            return False
        key = (server.name, packet.payload)
        uplink = self._open.get(key)
        if uplink is None:
            if self._sending >= MAX_WAITING:
                return False
            uplink = _Uplink(server=server, net_id=net_id, payload=packet.payload)
            self._open[key] = uplink
            self._sending += 1
            self._started.put_nowait(uplink)
        if len(uplink.copies) < MAX_COPIES:
            uplink.copies.append(Copy(packet=packet, received_ms=self._clock.wall_ms()))
        return True

    async def run(self) -> None:
        """Send until cancelled."""
        import aiohttp

        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            while True:
                uplink = await self._started.get()
                group.create_task(self._carry(session, uplink), name=f"roaming to {uplink.server.name}")

    async def _carry(self, session: "aiohttp.ClientSession", uplink: _Uplink) -> None:
        try:
            await self._clock.sleep(uplink.server.dedupe_timeout_ms / 1000)
            del self._open[uplink.server.name, uplink.payload]
            answer = await self._ask(session, uplink)
            self._succeeded(uplink.server)
            # In the asynchronous flow the answer comes as a call of the server's own.
            if answer and not uplink.server.is_async:
                self._take_answer(uplink.server, answer)
        except RoamingRejected as error:
            _log.warning("%s: %s", uplink.server.name, error)
        except OSError as error:
            self._failed(uplink.server, error)
        finally:
            self._sending -= 1

    async def _ask(self, session: "aiohttp.ClientSession", uplink: _Uplink) -> bytes:
        """Post an uplink; return the answer's body. Raises `OSError` when the server cannot be reached or fails."""
        message = prstart_req(
            uplink.copies,
            net_id=uplink.net_id,
            transaction=1 + int.from_bytes(self._random_bytes(4), "big") % 0x7FFFFFFF,
            dedupe_ms=uplink.server.dedupe_timeout_ms,
            receiver_nsid=uplink.server.receiver_nsid,
            secret=self.secret,
        )
        body = json.dumps(message, separators=(",", ":")).encode()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._clock.hold("roaming"):
                    return await _post(session, uplink.server, body)
            except OSError:
                if attempt == ATTEMPTS:
                    raise
            await self._clock.sleep(RETRY_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def _take_answer(self, server: HttpServer, answer: bytes) -> None:
        try:
            downlink = read_downlink(strict_json.loads(answer, limit_bytes=MAX_ANSWER_BYTES), secret=self.secret)
        except strict_json.JsonRejected as error:
            raise RoamingRejected("malformed", str(error)) from None
        if downlink is not None and not self._downlinks.send(downlink.gateway, downlink.packet):
            _log.info("%s: the hotspot of its downlink is gone", server.name)

    def _succeeded(self, server: HttpServer) -> None:
        if self._troubles.pop(server.name, None) is not None:
            _log.info("%s: answers again", server.name)

    def _failed(self, server: HttpServer, error: OSError) -> None:
        trouble = self._troubles.setdefault(server.name, _Trouble())
        pause_s = BACK_OFF_S[min(trouble.failures, len(BACK_OFF_S) - 1)]
        if not trouble.failures:
            _log.warning("%s: %s; packets for it are not delivered for a while", server.name, error)
        trouble.failures += 1
        trouble.until_ns = self._clock.monotonic_ns() + pause_s * NS_PER_S


async def _post(session: "aiohttp.ClientSession", server: HttpServer, body: bytes) -> bytes:
    import aiohttp

    headers = {"Content-Type": "application/json"} | (
        {"Authorization": server.auth_header} if server.auth_header else {}
    )
    try:
        async with (
            io_timeout(POST_TIMEOUT_S),
            # No redirects: the authorisation is meant for this address.
            session.post(server.url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise OSError(f"it answered with status {answer.status}")
            return await answer.content.read(MAX_ANSWER_BYTES + 1)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(str(error) or type(error).__name__) from None
