"""Opens everything that an operator runs: profile, chain, treasury, oracle, packet router. `run` and the demo do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from skerry_agent.background import run_together
from skerry_agent.operator.chain_credits import DATA_PAYER, ChainCredits
from skerry_agent.operator.client import EmbeddedOperator
from skerry_agent.operator.embedded import ADMIN_ADDRESS, profile_of
from skerry_agent.operator.network_file import NetworkFile, OperatorFolder
from skerry_agent.operator.router import EmbeddedRouter
from skerry_agent.operator.treasury import AgentDatabase, Treasury
from skerry_agent.store import Database
from skerry_core.clock import Clock
from skerry_coverage.profile.model import Profile
from skerry_keys.public_key import PublicKey
from skerry_oracle.admin.server import AdminServer
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import PayoutOrder
from skerry_oracle.network import OracleNetwork
from skerry_oracle.registry.book import Registry
from skerry_oracle.router.charges import Charges
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.store.packets import PacketTable
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_wallet.cluster import Cluster
from skerry_wallet.dc.credits import DataCredits
from skerry_wallet.ledger.book import Ledger
from skerry_wallet.payout.order import PayoutPolicy
from skerry_wallet.payout.payer import Payer
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
from skerry_wallet.tokens import create_network

__all__ = ["OperatorHouse", "open_house"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorHouse:
    """An open operator. `close` it after its agents have stopped."""

    network: NetworkFile
    profile: Profile
    cluster: Cluster
    treasury: Treasury
    oracle: EmbeddedOracle
    router: PacketRouter
    admin: AdminServer  # started by who serves commands
    clock: Clock = field(repr=False)

    def operator(self, peer: str) -> EmbeddedOperator:
        """Return the operator as one agent sees it; `peer` names that agent."""
        return EmbeddedOperator(
            peer=peer,
            network=self.network,
            oracle=self.oracle,
            treasury=self.treasury,
            router=EmbeddedRouter(self.oracle, self.router, peer=peer),
            clock=self.clock,
        )

    async def run(self) -> None:
        """Judge, pay and keep ways back from network servers open until cancelled; an ended network rests."""
        if self.network.ended:
            await asyncio.Event().wait()
        await run_together({"oracle": self.oracle.run(), "packet router": self.router.run()})

    async def close(self) -> None:
        """Close sockets and the oracle's store, stop the chain."""
        self.router.close()
        await self.oracle.close()
        await self.cluster.close()


async def open_house(
    folder: OperatorFolder,
    *,
    db: Database,
    cluster: Cluster,
    clock: Clock,
    random_bytes: Callable[[int], bytes],
    is_time_known: Callable[[], bool] = lambda: True,
) -> OperatorHouse:
    """Open the operator of a folder; `db` is the agent's skerry.db with the treasury's tables.

    Raises `UserError` E_OPERATOR_FOLDER, E_PROFILE_TIME, `ProfileRejected`, `ClusterError`.
    """
    network = folder.read()
    profile = profile_of(network)
    rules = OracleNetwork.of_profile(profile, at_s=clock.wall_s(), test_tokens=network.test_tokens)
    owners = _Owners()
    treasury = await _treasury(folder, network, rules, db=db, cluster=cluster, clock=clock, owners=owners)
    database = SqliteDatabase(folder.database, clock=clock)
    packets = PacketTable(database)
    charges: list[Charges] = []  # comes when the oracle is open

    async def pay(order: PayoutOrder) -> str:
        used_dc = sum((await packets.data_credits(order.epoch)).values())
        result = await treasury.pay(order, data_credits=used_dc)
        for book in charges:
            book.burned(DATA_PAYER, used_dc)
        return ",".join(batch.signature or "" for batch in result.batches)

    oracle = EmbeddedOracle(
        database,
        network=rules,
        signer=folder.key("oracle"),
        clock=clock,
        random_bytes=random_bytes,
        payer=pay,
        is_time_known=is_time_known,
    )
    await oracle.open()
    owners.registry = oracle.registry
    credits = ChainCredits(treasury, packets)
    router = PacketRouter(oracle, credits=credits, minimum_dc=network.minimum_dc)
    charges.append(router.charges)
    await router.open()
    return OperatorHouse(
        network=network,
        profile=profile,
        cluster=cluster,
        treasury=treasury,
        oracle=oracle,
        router=router,
        admin=AdminServer(oracle, router=router, folder=folder.path, address=ADMIN_ADDRESS),
        clock=clock,
    )


class _Owners:
    """Who is registered, for the payer; the registry comes when the oracle is open."""

    registry: Registry | None = None

    def is_registered(self, owner: str) -> bool:
        """Say whether a wallet owns an admitted hotspot."""
        if self.registry is None:
            return False
        owners = (PublicKey.from_binary(row.owner).solana_address for row in self.registry.registrations())
        return owner in owners


async def _treasury(
    folder: OperatorFolder,
    network: NetworkFile,
    rules: OracleNetwork,
    *,
    db: Database,
    cluster: Cluster,
    clock: Clock,
    owners: _Owners,
) -> Treasury:
    payer, minter = folder.key("payer"), folder.key("mint_authority")
    tokens = await create_network(
        cluster,
        network=network.network,
        tokens=network.specs(),
        payer=payer,
        mint_authority=minter,
        freeze_authority=minter,
        clock=clock,
    )
    wallet_db = AgentDatabase(db)
    store = SqlitePaymentStore(wallet_db)
    cap = {tokens.tokens[network.reward_token].mint: rules.emission_bones}
    policy = PayoutPolicy(
        network=network.network,
        oracle_keys=rules.oracle_keys,
        threshold=rules.signatures_needed,
        emission_caps=lambda _: cap,
        is_registered=owners.is_registered,
    )
    return Treasury(
        cluster=cluster,
        clock=clock,
        tokens=tokens,
        payer=Payer(
            cluster=cluster,
            store=store,
            clock=clock,
            network=tokens,
            payer=payer,
            mint_authority=minter,
            policy=policy,
        ),
        credits=DataCredits(
            cluster=cluster,
            store=store,
            clock=clock,
            network=tokens,
            token_name=network.credit_token,
            payer=payer,
            mint_authority=minter,
            freeze_authority=minter,
        ),
        ledger=Ledger(wallet_db),
        test_tokens=network.test_tokens,
        data_payer=folder.key("data_payer"),
    )
