"""The chain server: our own client, raw HTTP and WebSocket against a real chain over real sockets."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from skerry_core.clock import SystemClock
from skerry_core.errors import UsageError
from skerry_simulate.clock import SimulatedClock
from skerry_testing.wallet import NETWORK, address_of, order, settlement, signer, simulated
from skerry_wallet.chain.bank import Bank
from skerry_wallet.programs import memo, transfer_lamports
from skerry_wallet.rpc.client import JsonRpcCluster
from skerry_wallet.rpc.server import ChainServer
from skerry_wallet.tokens import TokenNetwork, TokenSpec, create_network, token_balances
from skerry_wallet.transaction import compile_message, sign_message, signer_key

PAYER = signer("payer")
LAMPORTS = 10**12


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    session: aiohttp.ClientSession

    async def post(self, body: Any, **headers: str) -> Any:
        async with self.session.post(self.url, json=body, headers=headers) as response:
            return await response.json()

    async def call(self, method: str, *params: Any) -> Any:
        answer = await self.post({"jsonrpc": "2.0", "id": 5, "method": method, "params": list(params)})
        assert answer["id"] == 5
        return answer.get("result", answer.get("error"))


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[Served]:
    clock = SystemClock()
    bank = Bank(directory, network=NETWORK, now_ms=clock.wall_ms())
    try:
        server = ChainServer(bank, clock=clock, port=0)
        started = asyncio.Event()
        async with asyncio.TaskGroup() as group, aiohttp.ClientSession() as session:
            serving = group.create_task(server.run(started.set), name="test: serve")
            await started.wait()
            yield Served(server.url, session)
            serving.cancel()
    finally:
        bank.close()


async def transfer(chain: Served, lamports: int = 1_000_000, note: str = "") -> str:
    blockhash = (await chain.call("getLatestBlockhash"))["value"]["blockhash"]
    target = signer_key(signer("target"))
    calls = [transfer_lamports(source=signer_key(PAYER), target=target, lamports=lamports), memo(note)]
    raw = sign_message(compile_message(signer_key(PAYER), calls, blockhash), [PAYER])
    return base64.b64encode(raw).decode()


async def test_our_own_client_creates_a_network_and_reads_it_back(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as chain,
        JsonRpcCluster(chain.url, clock=SystemClock(), random=random.random) as remote,
    ):
        await chain.call("requestAirdrop", address_of("payer"), LAMPORTS)
        network: TokenNetwork = await create_network(
            remote,
            network=NETWORK,
            tokens=[TokenSpec(name="demo-IOT", decimals=6)],
            payer=PAYER,
            mint_authority=signer("minter"),
            freeze_authority=signer("freezer"),
            clock=SystemClock(),
        )
        mint = network.tokens["demo-IOT"].mint
        assert (await chain.call("getTokenSupply", mint))["value"]["amount"] == "0"
        assert await remote.genesis_hash() == await chain.call("getGenesisHash")
        assert (await remote.history(mint))[0]


def test_a_kept_chain_is_paid_from_through_the_server_and_read_by_a_second_program(tmp_path: Path) -> None:
    async def first(clock: SimulatedClock) -> str:
        async with settlement(tmp_path, clock) as place:
            assert (await place.payer().pay(order(place.iot))).complete
            return place.iot

    mint = simulated(first)

    async def second() -> None:
        async with (
            served(tmp_path / "chain") as chain,
            JsonRpcCluster(chain.url, clock=SystemClock(), random=random.random) as remote,
        ):
            owners = [signer_key(signer(f"owner {n}")) for n in range(12)]
            found = await token_balances(remote, mint, owners)
            assert [balance.amount for balance in found] == [1000 + n for n in range(12)]
            parsed = await chain.call(
                "getTokenAccountsByOwner", address_of("owner 3"), {"mint": mint}, {"encoding": "jsonParsed"}
            )
            info = parsed["value"][0]["account"]["data"]["parsed"]["info"]
            assert info["tokenAmount"]["uiAmountString"] == "0.001003"
            balance = await chain.call("getTokenAccountBalance", parsed["value"][0]["pubkey"])
            assert balance["value"]["amount"] == "1003"

    asyncio.run(second())


def test_paying_through_the_server_is_final_too(tmp_path: Path) -> None:
    async def first(clock: SimulatedClock) -> TokenNetwork:
        async with settlement(tmp_path, clock) as place:
            return place.network

    network = simulated(first)

    async def second() -> None:
        from skerry_testing.wallet import SCHEMA, Settlement
        from skerry_wallet.database import SqliteFile

        database = SqliteFile(tmp_path / "other.db", SCHEMA, clock=SystemClock())
        async with (
            served(tmp_path / "chain") as chain,
            JsonRpcCluster(
                chain.url, clock=SystemClock(), random=random.random, expected_genesis=network.genesis_hash
            ) as remote,
        ):
            place: Any = Settlement(
                cluster=remote,  # type: ignore[arg-type]  # the payer takes any cluster
                network=network,
                clock=SystemClock(),
                database=database,
            )
            payer = replace(place.payer(), cluster=remote)
            assert (await payer.pay(order(place.iot, epoch=9))).complete
        database.close()

    asyncio.run(second())


async def test_a_transfer_is_sent_notified_and_found(tmp_path: Path) -> None:
    async with served(tmp_path) as chain:
        await chain.call("requestAirdrop", address_of("payer"), LAMPORTS)
        raw = await transfer(chain)
        simulated_ = await chain.call("simulateTransaction", raw, {"encoding": "base64"})
        assert simulated_["value"]["err"] is None
        async with chain.session.ws_connect(chain.url.replace("http", "ws")) as listener:
            signature = await chain.call("sendTransaction", raw, {"encoding": "base64"})
            await listener.send_json(
                {"jsonrpc": "2.0", "id": 1, "method": "signatureSubscribe", "params": [signature, {}]}
            )
            subscription = (await listener.receive_json())["result"]
            note = await listener.receive_json()
            assert note["method"] == "signatureNotification"
            assert note["params"]["subscription"] == subscription
            assert note["params"]["result"]["value"] == {"err": None}
        (status,) = (await chain.call("getSignatureStatuses", [signature]))["value"]
        assert status["confirmationStatus"] == "finalized"
        found = await chain.call("getTransaction", signature, {"encoding": "base64"})
        assert found["transaction"] == [raw, "base64"]
        assert found["meta"]["fee"] == 5000
        assert (await chain.call("getTransaction", signature))["transaction"]["signatures"] == [signature]
        assert (await chain.call("getSignaturesForAddress", address_of("target")))[0]["signature"] == signature
        assert (await chain.call("getBalance", address_of("target")))["value"] == 1_000_000


async def test_a_subscription_made_before_sending_is_notified_once(tmp_path: Path) -> None:
    async with served(tmp_path) as chain:
        await chain.call("requestAirdrop", address_of("payer"), LAMPORTS)
        raw = await transfer(chain)
        import base58

        signature = base58.b58encode(base64.b64decode(raw)[1:65]).decode()
        port = int(chain.url.rsplit(":", 1)[1]) + 1  # where web3.js looks
        async with chain.session.ws_connect(f"ws://127.0.0.1:{port}") as listener:
            await listener.send_json({"jsonrpc": "2.0", "id": 1, "method": "signatureSubscribe", "params": [signature]})
            assert "result" in await listener.receive_json()
            await listener.send_json({"jsonrpc": "2.0", "id": 2, "method": "slotSubscribe"})
            slots = (await listener.receive_json())["result"]
            assert await chain.call("sendTransaction", raw, {"encoding": "base64"}) == signature
            methods = {(await listener.receive_json())["method"] for _ in range(2)}
            assert methods == {"signatureNotification", "slotNotification"}
            await listener.send_json({"jsonrpc": "2.0", "id": 3, "method": "slotUnsubscribe", "params": [slots]})


async def test_every_method_of_the_sheet_answers(tmp_path: Path) -> None:
    async with served(tmp_path) as chain:
        await chain.call("requestAirdrop", address_of("payer"), LAMPORTS)
        blockhash = (await chain.call("getLatestBlockhash"))["value"]["blockhash"]
        message = compile_message(signer_key(PAYER), [memo("x")], blockhash)
        assert (await chain.call("getFeeForMessage", base64.b64encode(message).decode()))["value"] == 5000
        assert (await chain.call("isBlockhashValid", blockhash))["value"] is True
        assert (await chain.call("isBlockhashValid", address_of("no hash")))["value"] is False
        assert await chain.call("getMinimumBalanceForRentExemption", 165) == 2_039_280
        assert await chain.call("getHealth") == "ok"
        assert await chain.call("getSlot") == await chain.call("getBlockHeight")
        assert (await chain.call("getEpochInfo"))["slotsInEpoch"] == 432_000
        assert "solana-core" in await chain.call("getVersion")
        assert (await chain.call("getRecentPrioritizationFees", []))[0]["prioritizationFee"] == 0
        account = (await chain.call("getAccountInfo", address_of("payer"), {"encoding": "base64"}))["value"]
        assert account["lamports"] == LAMPORTS
        assert account["data"] == ["", "base64"]
        several = await chain.call("getMultipleAccounts", [address_of("payer"), address_of("nobody")])
        assert several["value"][1] is None


BAD_CALLS: list[tuple[str, list[Any], int]] = [
    ("noSuchMethod", [], -32601),
    ("getBalance", [], -32602),
    ("getBalance", ["not an address"], -32602),
    ("getBalance", [5], -32602),
    ("getAccountInfo", [address_of("payer"), "no object"], -32602),
    ("getMultipleAccounts", [[address_of("payer")] * 101], -32602),
    ("getSignatureStatuses", [["x"]], -32602),
    ("sendTransaction", ["AAAA", {"encoding": "base64"}], -32602),
    ("sendTransaction", ["!", {"encoding": "base64"}], -32602),
    ("sendTransaction", [5], -32602),
    ("simulateTransaction", ["AAAA", {"encoding": "base64"}], -32602),
    ("requestAirdrop", [address_of("payer"), -5], -32602),
    ("getFeeForMessage", ["AAAA"], -32602),
    ("getTokenAccountBalance", [address_of("payer")], -32602),
    ("getMinimumBalanceForRentExemption", ["x"], -32602),
    ("getSignaturesForAddress", [address_of("payer"), {"limit": 0}], -32602),
]


async def test_bad_calls_get_an_error_object_and_the_server_goes_on(tmp_path: Path) -> None:
    async with served(tmp_path) as chain:
        for method, params, code in BAD_CALLS:
            assert (await chain.call(method, *params))["code"] == code, method
        for body, code in ((5, -32600), ([], -32600), ({"method": "getSlot", "params": {}}, -32602)):
            assert (await chain.post(body))["error"]["code"] == code
        async with chain.session.post(chain.url, data=b"{") as response:
            assert (await response.json())["error"]["code"] == -32700
        batch = await chain.post([{"id": 1, "method": "getSlot"}, {"id": 2, "method": "nope"}])
        assert [("result" in answer, answer["id"]) for answer in batch] == [(True, 1), (False, 2)]


async def test_a_failing_transaction_is_refused_with_logs(tmp_path: Path) -> None:
    async with served(tmp_path) as chain:
        await chain.call("requestAirdrop", address_of("payer"), LAMPORTS)
        refused = await chain.call("sendTransaction", await transfer(chain, 10**15), {"encoding": "base64"})
        assert refused["code"] == -32002
        assert refused["data"]["err"] == {"InstructionError": [0, {"Custom": 1}]}
        assert refused["data"]["logs"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8899", ""])
async def test_a_foreign_host_name_is_refused(tmp_path: Path, host: str) -> None:
    async with (
        served(tmp_path) as chain,
        chain.session.post(chain.url, json={}, headers={"Host": host}) as response,
    ):
        assert response.status in (400, 403)


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    async with served(tmp_path / "one") as chain:
        clock = SystemClock()
        bank = Bank(tmp_path / "two", network=NETWORK, now_ms=clock.wall_ms())
        try:
            port = int(chain.url.rsplit(":", 1)[1])
            for taken in (port, port - 1):
                with pytest.raises(UsageError) as refusal:
                    await ChainServer(bank, clock=clock, port=taken).run()
                assert refusal.value.code == "E_PORT_IN_USE"
        finally:
            bank.close()
