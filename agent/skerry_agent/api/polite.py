"""Answers to bytes that are no HTTP request: without an echo of them. Used by the server.

aiohttp repeats the malformed line in its answer and in the log, and that line may hold the token.
"""

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

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server  # aiohttp has no setting for the class of a connection
        return server
