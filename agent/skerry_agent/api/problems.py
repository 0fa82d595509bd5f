"""Every failure of the API as an RFC 9457 problem with a stable `code`; nothing internal leaks."""

import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from skerry_agent.metrics import Metrics
from skerry_core.errors import NotFoundError, UserError

__all__ = ["Handler", "Unauthorised", "problem", "problems"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_BY_STATUS = {
    404: ("E_NOT_FOUND", "There is no such resource.", "See /openapi.json for all of them."),
    405: ("E_METHOD", "This resource does not have that method.", "See /openapi.json."),
    413: ("E_TOO_LARGE", "The request is too large.", "Send at most 64 KiB."),
}


class Unauthorised(UserError):
    """The request may not do this; `http_status` is 401, 403, 429 or 503."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        remedy: str = "",
        retry_after_s: int | None = None,
        challenge: str = "Bearer",
    ) -> None:
        super().__init__(code, detail, remedy=remedy)
        self.http_status = status
        self.retry_after_s = retry_after_s
        self.challenge = challenge


def problem(error: UserError, *, status: int | None = None) -> web.Response:
    """Return the response for an error."""
    body = {
        "type": f"urn:skerry:problem:{error.code}",
        "title": error.code.removeprefix("E_").replace("_", " ").capitalize(),
        "status": status or error.http_status,
        "params": {name: str(value) for name, value in error.params.items()},
        **error.problem(),
    }
    headers = dict(_HEADERS)
    if isinstance(error, Unauthorised) and error.http_status == 401:
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, Unauthorised) and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    text = json.dumps(body)
    return web.Response(
        text=text, status=status or error.http_status, content_type="application/problem+json", headers=headers
    )


def problems(metrics: Metrics) -> Middleware:
    """Return the outermost middleware: errors to problems, safe headers, the request counter."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except UserError as error:
            response = problem(error)
        except web.HTTPException as error:
            response = _http_problem(error)
        except Exception:  # noqa: BLE001 - edge of a request: its client gets a 500, the agent goes on
            _log.exception("%s %s failed", request.method, request.path)
            response = problem(UserError("E_INTERNAL", "Internal error.", remedy="See the log."))
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        metrics.count("skerry_api_requests_total", route=route, code=str(response.status))
        return response

    return middleware


def _http_problem(error: web.HTTPException) -> web.Response:
    code, detail, remedy = _BY_STATUS.get(error.status, (f"E_HTTP_{error.status}", f"{error.reason}.", ""))
    response = problem(NotFoundError(code, detail, remedy=remedy), status=error.status)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
