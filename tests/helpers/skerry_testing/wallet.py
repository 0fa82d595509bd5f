"""Keys, a chain and a payer for tests of settlement, all on simulated time."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from skerry_core.clock import Clock
from skerry_keys import SoftwareSigner
from skerry_simulate.clock import SimulatedClock
from skerry_wallet.address import address_text
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.cluster import Cluster
from skerry_wallet.database import SqliteFile
from skerry_wallet.ledger import book
from skerry_wallet.payout import sqlite_store
from skerry_wallet.payout.order import MANIFEST_DOMAIN, OracleSignature, PayoutLine, PayoutOrder, PayoutPolicy
from skerry_wallet.payout.payer import Payer
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
from skerry_wallet.tokens import TokenNetwork, TokenSpec, create_network
from skerry_wallet.transaction import signer_key

__all__ = [
    "NETWORK",
    "START_S",
    "Settlement",
    "address_of",
    "order",
    "settlement",
    "signer",
    "simulated",
    "token_supply",
]

NETWORK = "skerry-test"
START_S = 1_790_000_000
SCHEMA = (*sqlite_store.SCHEMA, *book.SCHEMA)
ORACLES = tuple(f"oracle {number}" for number in range(3))

T = TypeVar("T")


def simulated(main: Callable[[SimulatedClock], Awaitable[T]]) -> T:
    """Run an async test on a fresh simulated clock."""
    clock = SimulatedClock(start_s=START_S)

    async def wrapped() -> T:
        return await main(clock)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(wrapped())


def signer(name: str) -> SoftwareSigner:
    """Return the key that every test knows by this name."""
    return SoftwareSigner.from_seed(hashlib.sha256(name.encode()).digest())


def address_of(name: str) -> str:
    """Return the Solana address of a named key."""
    return address_text(signer_key(signer(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A chain with a network on it, and one payer's database."""

    cluster: EmbeddedCluster
    network: TokenNetwork
    clock: Clock
    database: SqliteFile

    @property
    def iot(self) -> str:
        """The mint of the token that the tests pay."""
        return self.network.tokens["demo-IOT"].mint

    def policy(self, *, cap: int = 10**12, registered: Callable[[str], bool] = lambda _: True) -> PayoutPolicy:
        """Return a policy of two of three oracles."""
        return PayoutPolicy(
            network=NETWORK,
            oracle_keys=frozenset(signer(name).public_key for name in ORACLES),
            threshold=2,
            emission_caps=lambda _: {self.iot: cap},
            is_registered=registered,
        )

    def payer(
        self, cluster: Cluster | None = None, *, database: SqliteFile | None = None, policy: PayoutPolicy | None = None
    ) -> Payer:
        """Return a payer that mints; another cluster object may lie about the same chain."""
        return Payer(
            cluster=cluster or self.cluster,
            store=SqlitePaymentStore(database or self.database),
            clock=self.clock,
            network=self.network,
            policy=policy or self.policy(),
            payer=signer("payer"),
            mint_authority=signer("minter"),
        )


@asynccontextmanager
async def settlement(directory: Path, clock: Clock) -> AsyncIterator[Settlement]:
    """Open (or create) chain, tokens and database under a directory."""
    database = SqliteFile(directory / "skerry.db", SCHEMA, clock=clock)
    try:
        async with EmbeddedCluster(directory / "chain", network=NETWORK, clock=clock) as cluster:
            if await cluster.accounts([address_of("payer")]) == [None]:
                await cluster.airdrop(address_of("payer"), 10**12)
            network = await create_network(
                cluster,
                network=NETWORK,
                tokens=[TokenSpec(name="demo-IOT", decimals=6), TokenSpec(name="demo-DC", decimals=0, frozen=True)],
                payer=signer("payer"),
                mint_authority=signer("minter"),
                freeze_authority=signer("freezer"),
                clock=clock,
            )
            yield Settlement(cluster=cluster, network=network, clock=clock, database=database)
    finally:
        database.close()


def order(
    mint: str, *, epoch: int = 7, owners: int = 12, amount: int = 1000, manifest: str = "manifest"
) -> PayoutOrder:
    """Return an order signed by two oracles; owner n gets `amount + n`."""
    manifest_hash = hashlib.sha256(manifest.encode()).digest()
    lines = tuple(PayoutLine(mint=mint, owner=address_of(f"owner {n}"), amount=amount + n) for n in range(owners))
    unsigned = PayoutOrder(network=NETWORK, epoch=epoch, manifest_hash=manifest_hash, lines=lines, signatures=())
    return replace(unsigned, signatures=tuple(oracle_signature(name, unsigned) for name in ORACLES[:2]))


def oracle_signature(name: str, of: PayoutOrder) -> OracleSignature:
    """Return a named oracle's signature over an order's manifest."""
    oracle = signer(name)
    signature = oracle.sign_evidence(MANIFEST_DOMAIN, of.network, of.manifest_hash)
    return OracleSignature(public_key=oracle.public_key, signature=signature)


async def token_supply(cluster: Cluster, mint: str) -> int:
    """Return how many base units exist."""
    from skerry_wallet.tokens import read_mint

    return (await read_mint(cluster, mint))[0]
