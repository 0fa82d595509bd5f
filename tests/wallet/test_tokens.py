"""Creating a network's tokens: once, at addresses that follow from key and name, and only when there is SOL for it."""

from pathlib import Path

import pytest

from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import NETWORK, address_of, settlement, signer, simulated
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.cluster import Cluster
from skerry_wallet.confirm import send_and_confirm
from skerry_wallet.errors import ClusterNonsense, ClusterUnavailable, InsufficientFunds, TransactionRejected
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.tokens import TokenNetwork, TokenSpec, create_network, read_mint, token_balances
from skerry_wallet.transaction import Instruction, signer_key

TOKENS = [TokenSpec(name="demo-HNT", decimals=8), TokenSpec(name="demo-DC", decimals=0, frozen=True)]


async def create(cluster: Cluster, clock: SimulatedClock, network: str = NETWORK) -> TokenNetwork:
    return await create_network(
        cluster,
        network=network,
        tokens=TOKENS,
        payer=signer("payer"),
        mint_authority=signer("minter"),
        freeze_authority=signer("freezer"),
        clock=clock,
    )


def test_creating_again_finds_the_same_tokens_and_another_network_has_others(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock) as cluster:
            with pytest.raises(InsufficientFunds):
                await create(cluster, clock)
            await cluster.airdrop(address_of("payer"), 10**9)
            network = await create(cluster, clock)
            (before,) = await cluster.accounts([address_of("payer")])
            assert await create(cluster, clock) == network
            assert [before] == await cluster.accounts([address_of("payer")])
            other = await create(cluster, clock, network="other")
            assert {t.mint for t in network.tokens.values()}.isdisjoint(t.mint for t in other.tokens.values())
            assert await read_mint(cluster, network.tokens["demo-HNT"].mint) == (0, 8)
            assert network.by_mint(network.tokens["demo-DC"].mint).frozen

    simulated(main)


def test_a_strangers_lamports_on_a_mints_address_do_not_block_it(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path / "one", network=NETWORK, clock=clock) as cluster:
            await cluster.airdrop(address_of("payer"), 10**9)
            expected = await create(cluster, clock)
        async with EmbeddedCluster(tmp_path / "two", network=NETWORK, clock=clock) as cluster:
            await cluster.airdrop(address_of("payer"), 10**9)
            for token in expected.tokens.values():
                await cluster.airdrop(token.mint, 2_000_000)
            assert (await create(cluster, clock)).tokens == expected.tokens

    simulated(main)


def test_what_is_no_token_account_holds_nothing_and_what_is_no_mint_is_said(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            (found,) = await token_balances(place.cluster, place.iot, [signer_key(signer("nobody"))])
            assert (found.amount, found.exists, found.frozen) == (0, False, False)
            with pytest.raises(ClusterNonsense):
                await read_mint(place.cluster, address_of("payer"))

    simulated(main)


def test_an_unmarked_transaction_is_followed_to_its_end(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:

            def pay(lamports: int) -> list[Instruction]:
                payer, target = signer_key(signer("payer")), signer_key(signer("target"))
                return [transfer_lamports(source=payer, target=target, lamports=lamports)]

            async def send(cluster: Cluster, lamports: int) -> str:
                return await send_and_confirm(cluster, pay(lamports), [signer("payer")], clock=clock)

            assert await send(place.cluster, 1_000_000)
            assert await send(place.cluster, 1_000_000)  # equal bytes in one slot: found to be processed already
            with pytest.raises(TransactionRejected):
                await send(place.cluster, 10**15)
            with pytest.raises(ClusterUnavailable):
                await send(LyingCluster(place.cluster, swallows=True), 1_000_001)
            with pytest.raises(TransactionRejected):
                await send(LyingCluster(place.cluster, fails_statuses=True), 1_000_002)

    simulated(main)
