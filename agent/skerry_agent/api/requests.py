"""Reads requests and writes answers: strict queries, ids and JSON bodies. Used by the handlers of the API."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from skerry_agent.store import Verdict
from skerry_core import strict_json
from skerry_core.clock import io_timeout
from skerry_core.errors import NotFoundError, UsageError

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_LIMIT",
    "MAX_TEXT",
    "absent",
    "is_id",
    "is_name",
    "json_answer",
    "json_object",
    "limit_of",
    "path_id",
    "query_of",
    "verdict_of",
]

MAX_BODY_BYTES = 64 * 1024  # no resource needs more than a few hundred bytes
BODY_LIMIT_S = 10.0  # a body that takes longer is an attack or a dead link
MAX_LIMIT = 500  # rows per page
MAX_TEXT = 200  # characters of an id or a name
ID_RULE = "An id has 1 to 200 printable ASCII characters."


def json_answer(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(text=json.dumps(body), status=status, content_type="application/json")


def query_of(request: web.Request, *known: str) -> dict[str, str]:
    """Return the query. Raises `UsageError` E_QUERY for parameters that are unknown, given twice or no id."""
    query: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known or name in query:
            raise UsageError(
                "E_QUERY",
                "A query parameter is unknown or given twice.",
                remedy=f"Known here: {', '.join(known) or 'none'}.",
                params={"name": ascii(name)[:MAX_TEXT]},
            )
        if not is_id(value) and name != "topics":
            raise UsageError("E_QUERY", ID_RULE, params={"name": name})
        query[name] = value
    return query


def is_id(value: str) -> bool:
    """Whether a text has the form of an id."""
    return 0 < len(value) <= MAX_TEXT and value.isascii() and value.isprintable()


def is_name(value: str) -> bool:
    """Whether a text may name something for people."""
    return 0 < len(value) <= MAX_TEXT and all(unicodedata.category(one) not in {"Cc", "Cs"} for one in value)


def limit_of(query: Mapping[str, str]) -> int:
    """Return the page size asked for. Raises `UsageError` E_QUERY."""
    text = query.get("limit", "50")
    if not (text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise UsageError("E_QUERY", f"limit is a whole number from 1 to {MAX_LIMIT}.", params={"name": "limit"})
    return int(text)


def verdict_of(query: Mapping[str, str]) -> Verdict | None:
    """Return the verdict asked for, None for all. Raises `UsageError` E_QUERY."""
    try:
        return Verdict(query["verdict"]) if "verdict" in query else None
    except ValueError:
        known = ", ".join(verdict.value for verdict in Verdict)
        raise UsageError("E_QUERY", f"verdict is one of {known}.", params={"name": "verdict"}) from None


def path_id(request: web.Request, kind: str) -> str:
    """Return the id in the path. Raises `NotFoundError` E_NO_... for what can be no id."""
    untrusted = request.match_info["id"]
    if not is_id(untrusted):
        raise absent(kind, "")
    return untrusted


def absent(kind: str, name: str) -> NotFoundError:
    """Return the error for a thing that does not exist."""
    return NotFoundError(f"E_NO_{kind.upper()}", f"There is no such {kind}.", params={"id": name})


async def json_object(request: web.Request, members: set[str]) -> dict[str, Any]:
    """Return the JSON object of a body. Raises `UsageError` unless it has some of these members and no others."""
    if request.content_type != "application/json":
        raise UsageError("E_CONTENT_TYPE", "The body must be application/json.")
    try:
        async with io_timeout(BODY_LIMIT_S):
            body = strict_json.loads(await request.read(), limit_bytes=MAX_BODY_BYTES)
    except strict_json.JsonRejected as error:
        raise UsageError("E_JSON", "The body is not acceptable JSON.", params={"reason": error.reason}) from None
    except (ConnectionError, web.RequestPayloadError, HttpProcessingError):
        raise UsageError("E_BODY_CUT", "The body ended early or is not encoded as its headers say.") from None
    except TimeoutError:
        raise UsageError("E_SLOW_BODY", f"The body did not arrive within {BODY_LIMIT_S:.0f} s.") from None
    if not isinstance(body, dict) or not body or not body.keys() <= members:
        raise UsageError("E_BODY", f"The body is an object with {', '.join(sorted(members))} and nothing else.")
    return body
