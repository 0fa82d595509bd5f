"""Opens the payment store and the ledger of a folder for one command; a running agent may have them open too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_agent.evidence import EVIDENCE
from skerry_agent.operator.treasury import TREASURY, AgentDatabase
from skerry_agent.store import Database
from skerry_agent.store.schema import SKERRY
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_wallet.ledger.book import Ledger
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore

__all__ = ["open_ledger", "open_money", "open_payment_store"]


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
