"""Unsigned transactions over the API: built, read back, simulated by the agent; checked again and signed elsewhere."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from skerry_agent.api.tokens import new_token
from skerry_agent.wallet.unsigned import UnsignedDesk
from skerry_client.calls import make_transaction
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_core.clock import SystemClock
from skerry_testing.api import Served, serve_api
from skerry_testing.wallet import Settlement, address_of, order, settlement, signer
from skerry_wallet.cluster import Cluster
from skerry_wallet.transaction import parse_transaction, sign_message, signer_key

ME, FRIEND = address_of("owner 0"), address_of("owner 1")
Wish = dict[str, Any]


@asynccontextmanager
async def served_wallet(folder: Path) -> AsyncIterator[tuple[Served, Settlement, str]]:
    """Serve an agent with a real chain behind its desk; yields a token with the scope wallet too."""
    clock = SystemClock()
    async with settlement(folder, clock) as place, serve_api(folder / "agent", clock=clock) as served:
        await place.cluster.airdrop(ME, 10**9)
        await place.payer().pay(order(place.iot, owners=1, amount=5000))

        @asynccontextmanager
        async def opened() -> AsyncIterator[Cluster]:
            yield place.cluster

        desk = UnsignedDesk(open_cluster=opened, tokens=place.network.tokens, url=None, clock=clock)
        served.server.serve_transactions(desk)
        made = new_token("desktop", ["wallet"], now_ns=clock.wall_ns())
        await served.stores.tokens.add(made.row)
        yield served, place, made.secret


async def ask(served: Served, token: str, wish: Wish) -> Any:
    async with AgentClient.open(served.server.address, token=token) as client:
        return await client.call(make_transaction(wish))


def transfer(**changes: Any) -> Wish:
    return {"kind": "transfer", "wallet": ME, "to": FRIEND, "token": "demo-IOT", "amount": "1234"} | changes


async def test_a_transfer_is_described_from_its_bytes_and_lands_when_its_owner_signs_it(tmp_path: Path) -> None:
    async with served_wallet(tmp_path) as (served, place, token):
        made = await ask(served, token, transfer(memo="thanks"))
        assert made.simulation == "ok"
        assert dict(made.paid) == {place.iot: 1234}
        assert made.destinations == (FRIEND,)
        assert (made.fee_lamports, made.rent_lamports) == (5_000, 2_039_280)
        assert [line.split(" ")[0] for line in made.instructions] == ["open", "transfer", "memo"]
        assert {one.code for one in made.warnings} >= {"receiver_new_to_you"}
        assert made.cluster == await place.cluster.genesis_hash()
        raw = base64.b64decode(made.transaction)
        unsigned = parse_transaction(raw)
        assert unsigned.signatures == (bytes(64),)
        assert unsigned.message.keys[0] == signer_key(signer("owner 0"))
        await place.cluster.send(sign_message(unsigned.message_bytes, [signer("owner 0")]))


async def test_the_scope_wallet_is_needed_and_no_other_will_do(tmp_path: Path) -> None:
    async with served_wallet(tmp_path) as (served, _, _token):
        with pytest.raises(ApiProblem) as refusal:
            await ask(served, served.token, transfer())
        assert refusal.value.status == 403


async def test_an_agent_without_a_chain_says_so(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        made = new_token("desktop", ["wallet"], now_ns=SystemClock().wall_ns())
        await served.stores.tokens.add(made.row)
        with pytest.raises(ApiProblem) as refusal:
            await ask(served, made.secret, transfer())
        assert refusal.value.code == "E_NO_CLUSTER"


WRONG = [
    (transfer(amount="0"), "E_BODY"),
    (transfer(amount=5), "E_BODY"),
    (transfer(amount="-1"), "E_BODY"),
    (transfer(amount=str(1 << 64)), "E_BODY"),
    (transfer(to="nobody"), "E_BODY"),
    (transfer(kind="steal"), "E_BODY"),
    (transfer(hotspot="h"), "E_BODY"),
    (transfer(memo="x" * 201), "E_BODY"),
    (transfer(token="DOGE"), "E_TOKEN_UNKNOWN"),
    (transfer(amount="5001"), "E_INSUFFICIENT_FUNDS"),
    (transfer(token="SOL", amount=str(10**12)), "E_INSUFFICIENT_FUNDS"),
    ({"kind": "claim", "wallet": ME, "hotspot": "h"}, "E_NO_HELIUM"),
    ({"kind": "assert", "wallet": ME, "hotspot": "h", "location": "x"}, "E_NO_HELIUM"),
    ({"kind": "transfer"}, "E_BODY"),
    (transfer(seed="never"), "E_BODY"),
]


async def test_what_cannot_be_built_is_refused_with_its_reason(tmp_path: Path) -> None:
    async with served_wallet(tmp_path) as (served, _, token):
        for wish, code in WRONG:
            with pytest.raises(ApiProblem) as refusal:
                await ask(served, token, wish)
            assert refusal.value.code == code, wish


async def test_the_answer_keeps_the_contract(tmp_path: Path) -> None:
    import json
    from importlib import resources

    import jsonschema_rs

    document = json.loads(resources.files("skerry_agent.api").joinpath("openapi.json").read_text())
    schema = document["components"]["schemas"]["UnsignedTransaction"] | {"components": document["components"]}
    async with (
        served_wallet(tmp_path) as (served, _, token),
        aiohttp.ClientSession() as session,
        session.post(
            f"{served.server.address}/api/v1/wallet/transactions", json=transfer(),
            headers={"Authorization": f"Bearer {token}"},
        ) as answer,
    ):  # fmt: skip
        assert answer.status == 200
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(await answer.json())
