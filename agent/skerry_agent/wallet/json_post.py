"""One JSON request to a service of others, with every limit that an untrusted answer needs."""

import json
from typing import Any

import aiohttp

from skerry_core import strict_json
from skerry_core.clock import io_timeout
from skerry_core.errors import UserError
from skerry_wallet.errors import ClusterUnavailable
from skerry_wallet.rpc.client import host_of

__all__ = ["JsonPoster", "ServiceRefused"]

ANSWER_LIMIT_S = 20.0
MAX_ANSWER_BYTES = 32 << 20  # a thousand assets of a wallet


class ServiceRefused(UserError):
    """The service answered with an error of its own, or with something that is no answer."""

    http_status = 502

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            "E_SERVICE",
            f"{host_of(url)} answered: {problem[:200]}.",
            remedy="Try another server.",
            params={"host": host_of(url)},
        )


class JsonPoster:
    """`async with JsonPoster() as poster:`; redirects are not followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "JsonPoster":
        self._session = aiohttp.ClientSession(auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: Any) -> Any:
        """Return the JSON answer. Raises `ClusterUnavailable` for none in time, `ServiceRefused` for an error."""
        assert self._session is not None
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                io_timeout(ANSWER_LIMIT_S),
                self._session.post(url, data=json.dumps(body), headers=headers, allow_redirects=False) as response,
            ):
                raw = await self._read(url, response)
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ClusterUnavailable(f"{host_of(url)} gave no answer ({type(error).__name__}).") from error
        try:
            answer = strict_json.loads(raw, limit_bytes=MAX_ANSWER_BYTES)
        except strict_json.JsonRejected as error:
            raise ServiceRefused(url, f"HTTP status {status}, {error.reason}") from error
        if status != 200:
            problem = answer.get("error") if isinstance(answer, dict) else None
            raise ServiceRefused(url, f"HTTP status {status}, {problem or 'no reason given'}")
        return answer

    async def rpc(self, url: str, body: dict[str, Any]) -> Any:
        """Return the `result` of a JSON-RPC request. Raises as `post`."""
        answer = await self.post(url, body)
        if not isinstance(answer, dict) or "result" not in answer:
            error = answer.get("error") if isinstance(answer, dict) else None
            message = error.get("message") if isinstance(error, dict) else "neither a result nor an error"
            raise ServiceRefused(url, str(message))
        return answer["result"]

    async def _read(self, url: str, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(1 << 16):
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise ServiceRefused(url, f"more than {MAX_ANSWER_BYTES} bytes")
            parts.append(part)
        return b"".join(parts)
