"""Answers to bytes that are no HTTP request, without an echo of them, and the end of late connections.

aiohttp repeats the malformed line in its answer and in the log, and that line may hold the token.
"""

import asyncio
import logging

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

__all__ = ["PoliteRunner"]

_log = logging.getLogger(__name__)
_TEXT = '{"type": "about:blank", "code": "E_REQUEST", "title": "Bad request", "status": %d, "detail": "%s"}'


class _Handler(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500:  # a mistake of ours, which is logged whole
            return super().handle_error(request, status, exc, message)
        _log.debug("%s: %s", request.remote, type(exc).__name__)
        text = _TEXT % (status, "That is not an HTTP request.")
        answer = web.Response(text=text, status=status, content_type="application/problem+json")
        answer.force_close()  # after the answer; the handler's own `force_close` would drop it
        return answer


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class PoliteRunner(web.AppRunner):
    """An `AppRunner` whose connections answer so."""

    __slots__ = ()

    async def cleanup(self) -> None:
        """Stop listening, let what was just accepted become a connection, then close all.

        asyncio never closes a connection that it accepts in the same turn in which its server is closed.
        """
        loop = asyncio.get_running_loop()
        for site in self.sites:
            server = getattr(site, "_server", None)
            for listening in server.sockets if server else ():
                loop.remove_reader(listening.fileno())
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
        await super().cleanup()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server  # aiohttp has no setting for the class of a connection
        return server
