"""Where network servers send downlinks of their own accord: XmitDataReq, and answers of the asynchronous flow.

Opened by `skerry oracle run --roaming`. A message counts only with a token that this router gave out for an uplink.
"""

import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from skerry_core import strict_json
from skerry_oracle.limits import RateLimiter
from skerry_oracle.router.downlinks import Downlinks
from skerry_oracle.router.http import MAX_ANSWER_BYTES
from skerry_oracle.router.roaming import read_downlink, xmit_data_ans
from skerry_oracle.router.roaming_errors import RoamingRejected

__all__ = ["roaming_app"]

_log = logging.getLogger(__name__)

MESSAGES_PER_S = 200  # of all servers together: more downlinks than a neighbourhood can send
BURST = 1_000


def roaming_app(downlinks: Downlinks, *, secret: bytes, limiter: RateLimiter) -> web.Application:
    """Return the application: one address, any path, POST only."""
    app = web.Application(client_max_size=MAX_ANSWER_BYTES)
    app.add_routes([web.post("/{path:.*}", _handler(downlinks, secret, limiter))])
    return app


def _handler(
    downlinks: Downlinks, secret: bytes, limiter: RateLimiter
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def take(request: web.Request) -> web.Response:
        if not limiter.take("roaming"):
            return _problem(429, "too_many_messages")
        try:
            message = strict_json.loads(await request.read(), limit_bytes=MAX_ANSWER_BYTES)
            downlink = read_downlink(message, secret=secret)
        except strict_json.JsonRejected:
            return _problem(400, "malformed")
        except RoamingRejected as error:
            _log.debug("roaming message refused: %s", error)
            return _problem(403 if error.reason == "token" else 400, error.reason)
        if downlink is None:
            return web.Response(text="OK")
        if not downlinks.send(downlink.gateway, downlink.packet):
            return _problem(404, "gateway_not_connected")
        if message["MessageType"] != "XmitDataReq":
            return web.Response(text="OK")
        return web.json_response(xmit_data_ans(message, downlink))

    return take


def _problem(status: int, reason: str) -> web.Response:
    body = json.dumps({"Result": {"ResultCode": "Other", "Description": reason}})
    return web.Response(status=status, text=body, content_type="application/json")
