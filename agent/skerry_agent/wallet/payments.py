"""Opens the payment store and the ledger of a folder for one command; a running agent may have them open too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_agent.evidence import EVIDENCE
from skerry_agent.operator.treasury import TREASURY, AgentDatabase
from skerry_agent.store import Database
from skerry_agent.store.schema import SKERRY
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterError
from skerry_wallet.ledger.book import Ledger
from skerry_wallet.ledger.sol import SolBook
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore

__all__ = ["book_sol", "open_ledger", "open_money", "open_payment_store"]


@asynccontextmanager
async def open_money(paths: Paths, *, clock: Clock) -> AsyncIterator[Database]:
    """Open skerry.db with everything that concerns money in it. Raises `StoreCorrupt`, `StoreUnavailable`."""
    paths.create()
    database = await Database.open(paths.database, clock=clock, migrations=(SKERRY, EVIDENCE, TREASURY))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_payment_store(paths: Paths, *, clock: Clock) -> AsyncIterator[SqlitePaymentStore]:
    """Open the folder's payments."""
    async with open_money(paths, clock=clock) as database:
        yield SqlitePaymentStore(AgentDatabase(database))


@asynccontextmanager
async def open_ledger(paths: Paths, *, clock: Clock) -> AsyncIterator[Ledger]:
    """Open the folder's ledger."""
    async with open_money(paths, clock=clock) as database:
        yield Ledger(AgentDatabase(database))


async def book_sol(database: Database, cluster: Cluster, wallet: str, *, clock: Clock) -> str | None:
    """Book fees and rents of what an owner's wallet paid; return why that has to wait, None when it is done.

    What could not be booked now is booked after the wallet's next payment.
    """
    shared = AgentDatabase(database)
    books = SolBook(ledger=Ledger(shared), cluster=cluster, payments=SqlitePaymentStore(shared), clock=clock)
    try:
        await books.catch_up(wallet, whole=False)
    except ClusterError as error:
        return error.detail
    return None
