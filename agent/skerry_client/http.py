"""The aiohttp transport of the client, for the CLI, the fleet and tests. The window has one of its own.

async with AgentClient.open(address, token=token) as agent:
    print((await agent.call(calls.status())).summary)
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp

from skerry_client.calls import EVENTS_PATH, MAX_ANSWER_BYTES, Call, headers
from skerry_client.errors import ApiProblem, BadAnswer, NotReachable
from skerry_client.sse import ServerEvent, SseParser
from skerry_core.clock import Clock, io_timeout

__all__ = ["AgentClient"]

CALL_LIMIT_S = 30.0  # explanations recompute proofs on a Pi
SILENCE_LIMIT_S = 45.0  # three heartbeats
T = TypeVar("T")


class AgentClient:
    """One agent at one address; `open` makes it."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str | None) -> None:
        self._session = session
        self._base = base
        self._token = token

    @classmethod
    @asynccontextmanager
    async def open(
        cls, address: str, *, token: str | None, socket: Path | None = None, fingerprint: str | None = None
    ) -> AsyncIterator["AgentClient"]:
        """Prepare connections to an address, or to a Unix socket.

        `fingerprint` is the SHA-256 of the agent's own certificate in hex; without it an https address is checked
        against the system's authorities.
        """
        connector: aiohttp.BaseConnector
        if socket is not None:
            connector = aiohttp.UnixConnector(str(socket))
        else:
            check: bool | aiohttp.Fingerprint = True
            if fingerprint is not None:
                check = aiohttp.Fingerprint(bytes.fromhex(fingerprint))
            connector = aiohttp.TCPConnector(ssl=check)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
            yield cls(session, address.rstrip("/"), token)

    async def call(self, call: Call[T]) -> T:
        """Send a call and return its typed answer. Raises `ApiProblem`, `BadAnswer`, `NotReachable`."""
        try:
            async with (
                io_timeout(CALL_LIMIT_S),
                self._session.request(
                    call.method,
                    self._base + call.target,
                    headers=headers(self._token, body=call.body is not None),
                    data=call.body,
                    allow_redirects=False,
                ) as response,
            ):
                body = await response.content.read(MAX_ANSWER_BYTES + 1)
                while len(body) <= MAX_ANSWER_BYTES and (more := await response.content.read(MAX_ANSWER_BYTES)):
                    body += more
                return call.read(response.status, body)
        except (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError) as error:
            raise NotReachable(f"{self._base}: {type(error).__name__}") from error

    async def events(
        self, *, clock: Clock, after: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncGenerator[ServerEvent, None]:
        """Yield events for ever, connecting again where the last one ended; a gap comes as an event.

        Raises `ApiProblem` (a wrong token) and `BadAnswer`; a lost connection is waited out.
        """
        parser = SseParser(last_id=after)
        while True:
            try:
                async for event in self._stream(parser, topics):
                    yield event
            except (aiohttp.ClientError, TimeoutError, OSError):
                parser = SseParser(last_id=parser.last_id)  # half an event may be left in the old one
            await clock.sleep(parser.retry_ms / 1000)

    async def _stream(self, parser: SseParser, topics: Sequence[str]) -> AsyncIterator[ServerEvent]:
        wanted = headers(self._token) | {"Accept": "text/event-stream"}
        if parser.last_id is not None:
            wanted["Last-Event-ID"] = str(parser.last_id)
        query = {"topics": ",".join(topics)} if topics else {}
        async with self._session.get(self._base + EVENTS_PATH, headers=wanted, params=query) as response:
            if response.status != 200:
                raise await _refusal(response)
            while True:
                async with io_timeout(SILENCE_LIMIT_S):
                    chunk = await response.content.readany()
                if not chunk:
                    return
                for event in parser.feed(chunk):
                    yield event


async def _refusal(response: aiohttp.ClientResponse) -> ApiProblem | BadAnswer | TimeoutError:
    if response.status == 503:
        return TimeoutError("all streams are in use")  # waited out like a lost connection
    call: Call[None] = Call(target="", accepted=(), parse=lambda _: None)
    async with io_timeout(CALL_LIMIT_S):
        body = await response.content.read(MAX_ANSWER_BYTES)
    try:
        call.read(response.status, body)
    except (ApiProblem, BadAnswer) as error:
        return error
    return BadAnswer(f"status {response.status}")
