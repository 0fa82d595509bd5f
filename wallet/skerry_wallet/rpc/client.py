"""A cluster behind a JSON-RPC server. Its answers are checked, and never trusted to be true: see `payout.decision`.

Failed calls are repeated with growing, jittered pauses; a repeated sendTransaction carries the same bytes.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp

from skerry_core import strict_json
from skerry_core.clock import Clock, io_timeout
from skerry_wallet.cluster import Account, Blockhash, Cluster, Landing, SignatureStatus, Simulation
from skerry_wallet.errors import ClusterNonsense, ClusterUnavailable, TransactionRejected, WrongCluster
from skerry_wallet.rpc import answers

__all__ = ["JsonRpcCluster", "host_of"]

CALL_LIMIT_S = 15.0  # one HTTP exchange
ATTEMPTS = 4
FIRST_PAUSE_S = 0.5
MAX_ANSWER_BYTES = 32 << 20  # a hundred accounts of the largest size that a claim reads
MAX_ACCOUNTS = 100  # getMultipleAccounts
MAX_SIGNATURES = 256  # getSignatureStatuses
_FINAL = {"commitment": "finalized"}

_PREFLIGHT_FAILED = -32002
_SIGNATURE_FAILED = -32003
_INVALID_PARAMS = -32602
_T = TypeVar("_T")
_BUSY = frozenset({-32004, -32005, -32014, -32016, 429})  # block not there yet, node behind, slot not reached


def host_of(url: str) -> str:
    """Return an address as it may be shown: its path, query and name may hold keys."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the server"


class JsonRpcCluster(Cluster):
    """`expected_genesis` is checked before the first call and after every lost connection."""

    def __init__(
        self, url: str, *, clock: Clock, random: Callable[[], float], expected_genesis: str | None = None
    ) -> None:
        """`random` returns a number from 0 to 1 (for the pauses)."""
        self._url = url
        self._host = host_of(url)
        self._clock = clock
        self._random = random
        self._expected = expected_genesis
        self._session: aiohttp.ClientSession | None = None
        self._checked = False
        self._checking = asyncio.Lock()

    async def __aenter__(self) -> "JsonRpcCluster":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def genesis_hash(self) -> str:
        await self._repeat(self._check_genesis)
        assert self._expected is not None
        return self._expected

    async def block_height(self) -> int:
        return answers.number("getBlockHeight", await self._call("getBlockHeight", _FINAL))

    async def latest_blockhash(self) -> Blockhash:
        method = "getLatestBlockhash"
        return answers.blockhash(method, await self._call(method, {"commitment": "confirmed"}))

    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        method = "getMultipleAccounts"
        found: list[Account | None] = []
        for some in _chunks(addresses, MAX_ACCOUNTS):
            result = await self._call(method, some, _FINAL | {"encoding": "base64"})
            found += answers.account_list(method, result, len(some))
        return found

    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        method = "getMinimumBalanceForRentExemption"
        return answers.number(method, await self._call(method, size_bytes))

    async def simulate(self, transaction: bytes) -> Simulation:
        method = "simulateTransaction"
        options = {"encoding": "base64", "commitment": "confirmed"}
        return answers.simulation(method, await self._call(method, _base64(transaction), options))

    async def send(self, transaction: bytes) -> str:
        options = {"encoding": "base64", "preflightCommitment": "confirmed", "maxRetries": 0}
        result = await self._call("sendTransaction", _base64(transaction), options)
        if not isinstance(result, str):
            raise ClusterNonsense("sendTransaction", "the signature is no text")
        return result

    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        method = "getSignatureStatuses"
        found: list[SignatureStatus | None] = []
        for some in _chunks(signatures, MAX_SIGNATURES):
            result = await self._call(method, some, {"searchTransactionHistory": True})
            found += answers.status_list(method, result, len(some))
        return found

    async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
        method = "getSignaturesForAddress"
        options = _FINAL | {"limit": limit} | ({} if before is None else {"before": before})
        return answers.signature_list(method, await self._call(method, address, options))

    async def landing(self, signature: str) -> Landing | None:
        method = "getTransaction"
        options = _FINAL | {"encoding": "base64", "maxSupportedTransactionVersion": 0}
        return answers.landing(method, signature, await self._call(method, signature, options))

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call(self, method: str, *params: Any) -> Any:
        async def checked() -> Any:
            await self._check_genesis()
            return await self._exchange(method, params)

        return await self._repeat(checked)

    async def _check_genesis(self) -> None:
        async with self._checking:
            if self._checked:
                return
            got = answers.address("getGenesisHash", await self._exchange("getGenesisHash", ()))
            if self._expected is not None and got != self._expected:
                raise WrongCluster(expected=self._expected, got=got)
            self._expected, self._checked = got, True

    async def _repeat(self, action: Callable[[], Awaitable[_T]]) -> _T:
        for attempt in range(ATTEMPTS):
            try:
                with self._clock.hold("rpc"):
                    return await action()
            except ClusterUnavailable:
                self._checked = False  # whoever answers next may be another server
                if attempt + 1 == ATTEMPTS:
                    raise
            await self._clock.sleep(FIRST_PAUSE_S * 2**attempt * (0.5 + self._random()))
        raise AssertionError("unreachable")

    async def _exchange(self, method: str, params: Sequence[Any]) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}  # no decompression bombs
        try:
            async with (
                io_timeout(CALL_LIMIT_S),
                self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                raw = await _read(method, response)
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ClusterUnavailable(f"{self._host} gave no answer to {method} ({type(error).__name__}).") from error
        if status == 429 or status >= 500:
            raise ClusterUnavailable(f"{self._host} answered {method} with HTTP status {status}.")
        return _result(method, raw, status)


async def _read(method: str, response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(1 << 16):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise ClusterNonsense(method, f"more than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _result(method: str, raw: bytes, status: int) -> Any:
    try:
        answer = strict_json.loads(raw, limit_bytes=MAX_ANSWER_BYTES)
    except strict_json.JsonRejected as error:
        raise ClusterNonsense(method, f"HTTP status {status}, {error.reason}") from error
    if not isinstance(answer, dict) or ("result" in answer) == (answer.get("error") is not None):
        raise ClusterNonsense(method, "neither a result nor an error")
    if "result" in answer:
        return answer["result"]
    raise _rpc_error(method, answer["error"])


def _rpc_error(method: str, error: Any) -> Exception:
    code, message = (error.get("code"), str(error.get("message"))[:200]) if isinstance(error, dict) else (None, "")
    data = error.get("data") if isinstance(error, dict) else None
    if method == "sendTransaction":
        if code == _PREFLIGHT_FAILED and isinstance(data, dict) and data.get("err") is not None:
            logs = data.get("logs")
            return TransactionRejected(data["err"], [str(line) for line in logs] if isinstance(logs, list) else [])
        if code == _SIGNATURE_FAILED:
            return TransactionRejected("SignatureFailure")
        if code == _INVALID_PARAMS:
            return TransactionRejected(message)
    if code in _BUSY:
        return ClusterUnavailable(f"{method} is refused for now: {message}.")
    return ClusterNonsense(method, f"error {code}: {message}")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _chunks(items: Sequence[str], size: int) -> list[list[str]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
