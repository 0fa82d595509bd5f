"""`skerry chain serve`: the embedded chain behind HTTP and WebSocket, for web3.js, kit, solana-py and wallets.

A transaction's answer waits until it is on disk; while the disk works, others are executed and share the next sync.
web3.js opens its WebSocket on the next higher port, so both ports serve both protocols.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from skerry_core import strict_json
from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_wallet.chain.bank import Bank
from skerry_wallet.chain.machine import SLOT_MS
from skerry_wallet.rpc.encoding import INVALID_PARAMS, RpcError, decode_signature
from skerry_wallet.rpc.methods import METHOD_NOT_FOUND, Methods

__all__ = ["ChainServer"]

_log = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 4 << 20
_PORT_TRIES = 20  # for a free port whose successor is free too
MAX_BATCH = 1000
MAX_SUBSCRIPTIONS = 1000  # per connection
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_WRITES = frozenset({"sendTransaction", "requestAirdrop"})


@dataclass(eq=False, slots=True)
class _Listener:
    """One WebSocket and its subscriptions."""

    socket: web.WebSocketResponse
    signatures: dict[int, str] = field(default_factory=dict)
    slots: set[int] = field(default_factory=set)


class ChainServer:
    """Serves an open bank on 127.0.0.1; the caller closes the bank afterwards."""

    def __init__(self, bank: Bank, *, clock: Clock, port: int = 8899) -> None:
        """Port 0 takes a free one whose successor is free too."""
        self._bank = bank
        self._clock = clock
        self._methods = Methods(bank)
        self._listeners: set[_Listener] = set()
        self._subscriptions = 0
        self._unsynced = asyncio.Event()
        self._synced: asyncio.Future[None] | None = None  # done after the next sync; all that wait share it
        self._runner: web.ServerRunner | None = None
        self.port = port

    @property
    def url(self) -> str:
        """The HTTP address to give to clients."""
        return f"http://127.0.0.1:{self.port}"

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until cancelled. Raises `UsageError` E_PORT_IN_USE."""
        # Without an application: routing and signals would take as long as a transfer.
        self._runner = web.ServerRunner(web.Server(self._on_request, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await self._listen()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._sync_forever(), name="chain: sync")
                group.create_task(self._tick_forever(), name="chain: slots")
                started()
        finally:
            for listener in list(self._listeners):
                await listener.socket.close()
            await self._runner.cleanup()

    async def _listen(self) -> None:
        for _ in range(1 if self.port else _PORT_TRIES):
            try:
                self.port = await self._listen_on(self.port)
            except OSError as error:
                taken = error
            else:
                return
        raise UsageError(
            "E_PORT_IN_USE",
            f"Port {self.port} or {self.port + 1} of 127.0.0.1 cannot be opened: {taken.strerror}.",
            remedy="Name another one with --port.",
            params={"port": self.port},
        )

    async def _listen_on(self, port: int) -> int:
        assert self._runner is not None
        first = web.TCPSite(self._runner, "127.0.0.1", port)
        await first.start()
        chosen: int = first._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it was started
        try:
            await web.TCPSite(self._runner, "127.0.0.1", chosen + 1).start()
        except OSError:
            await first.stop()
            raise
        return chosen

    async def _on_request(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/" or request.method not in ("GET", "POST"):
            return web.Response(status=404 if request.path != "/" else 405, text="POST JSON-RPC to /")
        if request.host.rsplit(":", 1)[0] not in _LOCAL_HOSTS:
            # A browser page may have had its own host name resolved to this computer.
            return web.Response(status=403, text="this chain is served to this computer only")
        return await (self._on_post(request) if request.method == "POST" else self._on_socket(request))

    async def _on_post(self, request: web.BaseRequest) -> web.Response:
        try:
            body = strict_json.loads(await _body(request), limit_bytes=MAX_REQUEST_BYTES)
        except strict_json.JsonRejected as error:
            return _json({"jsonrpc": "2.0", "id": None, "error": RpcError(-32700, f"Parse error: {error}").to_json()})
        if isinstance(body, list) and 0 < len(body) <= MAX_BATCH:
            return _json(await self._answer_all(body))
        (answer,) = await self._answer_all([body])
        return _json(answer)

    async def _answer_all(self, requests: list[Any]) -> list[dict[str, Any]]:
        self._bank.set_time(self._clock.wall_ms())
        answers = []
        wrote = False
        for request in requests:
            answers.append(self._answer(request, self._methods.call))
            wrote = wrote or (isinstance(request, dict) and request.get("method") in _WRITES)
        if wrote:
            await self._durable()
        return answers

    def _answer(self, request: Any, call: Callable[[str, list[Any]], Any]) -> dict[str, Any]:
        number = request.get("id") if isinstance(request, dict) else None
        try:
            method, params = _read_request(request)
            return {"jsonrpc": "2.0", "id": number, "result": call(method, params)}
        except RpcError as error:
            return {"jsonrpc": "2.0", "id": number, "error": error.to_json()}

    async def _durable(self) -> None:
        """Return once everything executed so far is on disk."""
        position = self._bank.position
        while self._bank.committed < position:
            self._unsynced.set()
            if self._synced is None:
                self._synced = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._synced)

    async def _sync_forever(self) -> None:
        while True:
            await self._unsynced.wait()
            self._unsynced.clear()
            position, synced = self._bank.sync_point(), self._synced
            self._synced = None  # who comes from now on waits for the next one
            await asyncio.to_thread(self._bank.sync)
            self._bank.committed_to(position, synced=True)
            if synced is not None:
                synced.set_result(None)
            await self._notify_signatures()

    async def _tick_forever(self) -> None:
        last = self._bank.machine.slot
        while True:
            await self._clock.sleep(SLOT_MS / 1000)
            self._bank.set_time(self._clock.wall_ms())
            slot = self._bank.machine.slot
            if slot == last:
                continue
            last = slot
            value = {"slot": slot, "parent": slot - 1, "root": slot}
            for listener in list(self._listeners):
                for subscription in list(listener.slots):
                    await _notify(listener, "slotNotification", subscription, value)

    async def _on_socket(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_REQUEST_BYTES, heartbeat=30.0)
        await socket.prepare(request)
        listener = _Listener(socket)
        self._listeners.add(listener)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._on_message(listener, message.data.encode())
        finally:
            self._listeners.discard(listener)
        return socket

    async def _on_message(self, listener: _Listener, raw: bytes) -> None:
        try:
            request = strict_json.loads(raw, limit_bytes=MAX_REQUEST_BYTES)
        except strict_json.JsonRejected as error:
            request, answer = None, {"id": None, "error": RpcError(-32700, f"Parse error: {error}").to_json()}
        else:
            answer = self._answer(request, lambda method, params: self._subscribe(listener, method, params))
        await _send(listener, {"jsonrpc": "2.0"} | answer)
        await self._notify_signatures()

    def _subscribe(self, listener: _Listener, method: str, params: list[Any]) -> Any:
        match method:
            case "signatureSubscribe" if params:
                decode_signature(params[0])
                return self._added(listener, lambda number: listener.signatures.__setitem__(number, params[0]))
            case "slotSubscribe":
                return self._added(listener, listener.slots.add)
            case "signatureUnsubscribe" if params and isinstance(params[0], int):
                return listener.signatures.pop(params[0], None) is not None
            case "slotUnsubscribe" if params and isinstance(params[0], int):
                known = params[0] in listener.slots
                listener.slots.discard(params[0])
                return known
            case _:
                raise RpcError(METHOD_NOT_FOUND, "Method not found")

    def _added(self, listener: _Listener, add: Callable[[int], object]) -> int:
        if len(listener.signatures) + len(listener.slots) >= MAX_SUBSCRIPTIONS:
            raise RpcError(INVALID_PARAMS, f"at most {MAX_SUBSCRIPTIONS} subscriptions on one connection")
        self._subscriptions += 1
        add(self._subscriptions)
        return self._subscriptions

    async def _notify_signatures(self) -> None:
        """Tell everybody whose transaction is durable, once."""
        for listener in list(self._listeners):
            for subscription, signature in list(listener.signatures.items()):
                landed = self._bank.find(decode_signature(signature))
                if landed is not None and listener.signatures.pop(subscription, None) is not None:
                    value = self._methods.with_context({"err": landed.error})
                    await _notify(listener, "signatureNotification", subscription, value)


async def _body(request: web.BaseRequest) -> bytes:
    """Return the request's body, at most one byte more than is accepted."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts: list[bytes] = []
    size = 0
    while size <= MAX_REQUEST_BYTES and (part := await request.content.readany()):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _read_request(request: Any) -> tuple[str, list[Any]]:
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise RpcError(-32600, "Invalid request")
    params = request.get("params")
    if not isinstance(params, list | None):
        raise RpcError(INVALID_PARAMS, "Invalid params: a list is expected")
    return request["method"], params or []


async def _notify(listener: _Listener, method: str, subscription: int, value: Any) -> None:
    params = {"result": value, "subscription": subscription}
    await _send(listener, {"jsonrpc": "2.0", "method": method, "params": params})


async def _send(listener: _Listener, message: dict[str, Any]) -> None:
    if not listener.socket.closed:
        try:
            await listener.socket.send_str(json.dumps(message))
        except ConnectionError:
            _log.debug("a subscriber left")


def _json(value: Any) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json")
