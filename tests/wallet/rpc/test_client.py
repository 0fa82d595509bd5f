"""The JSON-RPC cluster against servers that fail, lie about their chain, or answer nonsense."""

import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import Clock, SystemClock
from skerry_testing.wallet import address_of
from skerry_wallet.cluster import SignatureStatus
from skerry_wallet.errors import ClusterNonsense, ClusterUnavailable, TransactionRejected, WrongCluster
from skerry_wallet.rpc import answers
from skerry_wallet.rpc.client import JsonRpcCluster

GENESIS = address_of("genesis")
ADDRESS = address_of("somebody")
Handler = Callable[[str, list[Any]], Any]


class ImpatientClock(SystemClock):
    """Remembers pauses instead of making them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@asynccontextmanager
async def server(handler: Handler, *, genesis: str = GENESIS) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        result = genesis if body["method"] == "getGenesisHash" else handler(body["method"], body["params"])
        if isinstance(result, web.StreamResponse):
            return result
        if isinstance(result, bytes):
            return web.Response(body=result)
        return web.json_response(
            {"jsonrpc": "2.0", "id": body["id"]} | result
            if isinstance(result, dict) and ("error" in result or "result" in result)
            else {"jsonrpc": "2.0", "id": body["id"], "result": result}
        )

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


def cluster(url: str, clock: Clock | None = None, **options: Any) -> JsonRpcCluster:
    return JsonRpcCluster(url, clock=clock or ImpatientClock(), random=random.Random(1).random, **options)


async def test_another_genesis_hash_stops_everything() -> None:
    called: list[str] = []
    async with server(lambda method, _: called.append(method)) as url, cluster(url, expected_genesis=ADDRESS) as wrong:
        with pytest.raises(WrongCluster) as refusal:
            await wrong.send(b"transaction")
        assert refusal.value.params == {"expected": ADDRESS, "got": GENESIS}
        assert called == []


async def test_failures_are_repeated_with_growing_pauses_and_then_said() -> None:
    clock = ImpatientClock()
    tries: list[str] = []

    def busy(method: str, _: list[Any]) -> web.Response:
        tries.append(method)
        return web.Response(status=503 if len(tries) % 2 else 429)

    async with server(busy) as url, cluster(url, clock) as remote:
        with pytest.raises(ClusterUnavailable):
            await remote.block_height()
    assert len(tries) == 4
    assert clock.pauses == sorted(clock.pauses)
    assert len(clock.pauses) == 3


async def test_a_server_that_recovers_is_used_again() -> None:
    results = iter([web.Response(status=500), {"error": {"code": -32005, "message": "behind"}}, 77])
    async with server(lambda *_: next(results)) as url, cluster(url) as remote:
        assert await remote.block_height() == 77


async def test_no_server_at_all_is_unavailable() -> None:
    async with cluster("http://127.0.0.1:1/") as remote:
        with pytest.raises(ClusterUnavailable):
            await remote.block_height()


async def test_a_redirect_is_not_followed() -> None:
    async with server(lambda *_: web.Response(status=302, headers={"Location": "/"})) as url, cluster(url) as remote:
        with pytest.raises(ClusterNonsense):
            await remote.block_height()


async def test_refusals_of_transactions_keep_the_clusters_term() -> None:
    failure = {"code": -32002, "message": "failed", "data": {"err": {"InstructionError": [0, "X"]}, "logs": ["a"]}}
    errors = iter([failure, {"code": -32003, "message": "bad"}, {"code": -32602, "message": "short"}])
    async with server(lambda *_: {"error": next(errors)}) as url, cluster(url) as remote:
        for expected in ({"InstructionError": [0, "X"]}, "SignatureFailure", "short"):
            with pytest.raises(TransactionRejected) as refusal:
                await remote.send(b"x")
            assert refusal.value.error == expected


async def test_many_accounts_are_asked_for_in_pieces() -> None:
    sizes: list[int] = []

    def accounts(_: str, params: list[Any]) -> Any:
        sizes.append(len(params[0]))
        return {"context": {"slot": 1}, "value": [None] * len(params[0])}

    async with server(accounts) as url, cluster(url) as remote:
        assert await remote.accounts([ADDRESS] * 250) == [None] * 250
    assert sizes == [100, 100, 50]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "err", "slot", "lamports", "owner", "data", "executable", "blockhash", "logs"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_any_json_is_an_answer_or_nonsense_and_nothing_else(value: Any) -> None:
    readers: list[Callable[[], object]] = [
        lambda: answers.blockhash("m", value),
        lambda: answers.account_list("m", value, 1),
        lambda: answers.status_list("m", value, 1),
        lambda: answers.signature_list("m", value),
        lambda: answers.landing("m", "1" * 64, value),
        lambda: answers.simulation("m", value),
        lambda: answers.number("m", value),
        lambda: answers.address("m", value),
    ]
    for read in readers:
        with suppress(ClusterNonsense):
            read()


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"[]", b"{}", b'{"result":1,"error":{}}', b'{"result":NaN}', b"\xff\xfe", b"[" * 100_000,
     b'{"error":5}', b'{"error":{"code":"x"}}', b'{"result":"7"}', b'{"result":-1}', b'{"result":true}'],
)  # fmt: skip
async def test_nonsense_on_the_wire_is_nonsense(raw: bytes) -> None:
    async with server(lambda *_: raw) as url, cluster(url) as remote:
        with pytest.raises(ClusterNonsense):
            await remote.block_height()


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_wallet.rpc.client.MAX_ANSWER_BYTES", 10_000)
    async with server(lambda *_: b"[" + b"1," * 100_000) as url, cluster(url) as remote:
        with pytest.raises(ClusterNonsense, match="more than"):
            await remote.block_height()


async def test_statuses_of_old_and_new_servers_are_read() -> None:
    value = [
        None,
        {"slot": 5, "confirmations": None, "err": None, "confirmationStatus": "finalized"},
        {"slot": 5, "confirmations": 3, "err": None, "confirmationStatus": "confirmed"},
        {"slot": 5, "confirmations": None, "err": {"x": 1}, "confirmationStatus": None},
    ]
    async with server(lambda *_: {"result": {"value": value}}) as url, cluster(url) as remote:
        assert await remote.statuses(["a", "b", "c", "d"]) == [
            None,
            SignatureStatus(slot=5, finalized=True, error=None),
            SignatureStatus(slot=5, finalized=False, error=None),
            SignatureStatus(slot=5, finalized=True, error={"x": 1}),
        ]
    assert json.dumps(value)
