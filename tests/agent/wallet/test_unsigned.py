"""Whatever a request asks for, the desk answers with a transaction or with an error for people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_agent.api.wallet import MEMBERS
from skerry_agent.wallet.balances import HELIUM_TOKENS
from skerry_agent.wallet.unsigned import UnsignedDesk
from skerry_core.clock import SystemClock
from skerry_core.errors import UserError
from skerry_testing.wallet import address_of
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Account, Blockhash, Cluster, Landing, SignatureStatus, Simulation
from skerry_wallet.programs import SYSTEM_PROGRAM
from skerry_wallet.spending.effects import decode_effects
from skerry_wallet.transaction import parse_transaction

ME = address_of("owner 0")


@dataclass(slots=True)
class RichCluster(Cluster):
    """Every account is a wallet full of SOL; no token exists."""

    async def genesis_hash(self) -> str:
        return address_of("genesis")

    async def block_height(self) -> int:
        return 1

    async def latest_blockhash(self) -> Blockhash:
        return Blockhash(blockhash=address_of("hash"), last_valid_block_height=150)

    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        return [Account(lamports=10**12, owner=address_text(SYSTEM_PROGRAM), data=b"", executable=False)] * len(
            addresses
        )

    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        return (size_bytes + 128) * 6960

    async def simulate(self, transaction: bytes) -> Simulation:
        return Simulation(error=None, logs=(), units_consumed=1)

    async def send(self, transaction: bytes) -> str:
        raise AssertionError("the desk never sends")

    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        return [None] * len(signatures)

    async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
        return []

    async def landing(self, signature: str) -> Landing | None:
        return None

    async def close(self) -> None:
        pass


@asynccontextmanager
async def opened() -> AsyncIterator[Cluster]:
    yield RichCluster()


DESK = UnsignedDesk(open_cluster=opened, tokens=HELIUM_TOKENS, url=None, clock=SystemClock())
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from(["SOL", "HNT", "5", "20000000", "iot", "mobile", "8c19288866017ff", ME, address_of("friend")]),
    st.lists(st.text(max_size=3), max_size=2),
)  # fmt: skip
kinds = st.sampled_from(["transfer", "claim", "dc_mint", "dc_burn", "dc_delegate", "recipient", "onboard", "assert"])
likely = st.fixed_dictionaries(
    {"kind": kinds | st.just("transfer"), "wallet": st.just(ME)},
    optional=dict.fromkeys(sorted(MEMBERS - {"kind", "wallet"}), values),
)
anything = st.dictionaries(st.sampled_from(sorted(MEMBERS)), values)
transfers = st.fixed_dictionaries(
    {
        "kind": st.just("transfer"), "wallet": st.just(ME), "to": st.just(address_of("friend")),
        "token": st.just("SOL"), "amount": st.integers(1, 10**11).map(str),
    },
    optional={"memo": st.text(max_size=60) | st.none() | st.just("")},
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.one_of(likely, anything, transfers))
def test_any_wish_is_a_transaction_that_says_what_it_does_or_an_error_for_people(wish: dict[str, Any]) -> None:
    try:
        made = asyncio.run(DESK.make(wish))
    except UserError as error:
        assert error.code.startswith("E_")  # noqa: PT017 - either outcome is right
        return
    read = parse_transaction(made.transaction)
    assert read.signatures == (bytes(64),)
    assert tuple(effect.to_text() for effect in decode_effects(read.message)) == made.instructions
    assert made.wallet == ME


@settings(max_examples=50, deadline=None)
@given(transfers)
def test_a_transfer_pays_what_was_asked_and_nobody_else(wish: dict[str, Any]) -> None:
    made = asyncio.run(DESK.make(wish))
    assert made.paid == {"SOL": int(wish["amount"])}
    assert made.destinations == (address_of("friend"),)
