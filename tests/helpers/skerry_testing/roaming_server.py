"""A LoRaWAN network server with an HTTP roaming address: remembers what it gets and answers as a test says."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from skerry_oracle.admin.server import serving

__all__ = ["RoamingServer", "roaming_server"]


class RoamingServer:
    """Answers with `status` and, where the request's token belongs, with `answer`; `hold` keeps a request waiting."""

    def __init__(self) -> None:
        self.url = ""
        self.messages: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.answer: dict[str, Any] = {}
        self.location = ""

    async def take(self, request: web.Request) -> web.Response:
        """Take one message of the packet router."""
        message = json.loads(await request.read())
        self.messages.append(message)
        self.headers.append(dict(request.headers))
        if self.location:
            return web.Response(status=307, headers={"Location": self.location})
        if not self.answer or self.status != 200:
            return web.Response(status=self.status)
        details = self.answer.get("DLMetaData", {}) | {"FNSULToken": message["ULMetaData"]["FNSULToken"]}
        return web.json_response(self.answer | {"DLMetaData": details, "TransactionID": message["TransactionID"]})


@asynccontextmanager
async def roaming_server() -> AsyncIterator[RoamingServer]:
    """Listen on a free port of loopback."""
    server = RoamingServer()
    app = web.Application()
    app.add_routes([web.post("/roam", server.take)])
    async with serving(app, "127.0.0.1:0", "another port") as port:
        server.url = f"http://127.0.0.1:{port}/roam"
        yield server
