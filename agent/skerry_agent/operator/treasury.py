"""The operator's money: pays signed epochs, burns data credits for carried packets, books and reconciles both.

The oracle's epoch driver calls `pay`; everything below it is idempotent, so it may call again after a crash.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import sqlite_utils
from sqlite_utils.migrations import Migrations

from skerry_agent.store import Database
from skerry_agent.wallet.old_intents import move_intents
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_keys.signer import Signer
from skerry_oracle.epochs.driver import PayoutOrder as OracleOrder
from skerry_wallet import database as wallet_database
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.dc.credits import DataCredits
from skerry_wallet.ledger import book
from skerry_wallet.ledger.entries import credit_issue_entry, payout_entries, usage_entry
from skerry_wallet.ledger.reconcile import Reconciliation, reconcile
from skerry_wallet.ledger.sol import SolBook
from skerry_wallet.payout import sqlite_store
from skerry_wallet.payout.batches import Batch
from skerry_wallet.payout.order import OracleSignature, PayoutLine, PayoutOrder
from skerry_wallet.payout.payer import Payer, PayoutPreview, PayoutResult
from skerry_wallet.payout.payment import PaymentState
from skerry_wallet.splits import store as splits_store
from skerry_wallet.tokens import TokenNetwork
from skerry_wallet.transaction import signer_key

__all__ = ["TREASURY", "AgentDatabase", "PaymentWaits", "Treasury"]

TREASURY = Migrations("treasury")
T = TypeVar("T")


@TREASURY(name="001_payments_and_ledger")
def _tables(db: sqlite_utils.Database) -> None:
    for statement in (*sqlite_store.SCHEMA, *book.SCHEMA):
        db.conn.execute(statement)


@TREASURY(name="002_owner_payments")
def _owner_payments(db: sqlite_utils.Database) -> None:
    """Owners' payments become rows of the same table; before, they had one of their own."""
    if "about" not in db["payments"].columns_dict:
        db.conn.execute("ALTER TABLE payments ADD COLUMN about TEXT NOT NULL DEFAULT ''")
    if "intents" in db.table_names():
        move_intents(db.conn)


@TREASURY(name="003_splits")
def _splits(db: sqlite_utils.Database) -> None:
    for statement in splits_store.SCHEMA:
        db.conn.execute(statement)


class PaymentWaits(SkerryError):
    """A payment is not final: it is tried again, or a person must look at it."""


class AgentDatabase(wallet_database.Database):
    """The wallet's stores inside the agent's skerry.db: the same writer, the same commits."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        return await self._db.write(lambda db: action(db.conn))

    async def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        return await self._db.read(lambda db: action(db.conn))


@dataclass(frozen=True, slots=True, kw_only=True)
class Treasury:
    """One network's payer, data credits and ledger on one cluster."""

    cluster: Cluster
    clock: Clock
    tokens: TokenNetwork
    payer: Payer
    credits: DataCredits
    ledger: book.Ledger
    test_tokens: bool
    data_payer: Signer = field(repr=False)  # whose data credits are burned for carried packets

    async def pay(self, order: OracleOrder, *, data_credits: int) -> PayoutResult:
        """Burn the epoch's data credits, pay its owners, book both.

        Raises `PaymentWaits` when something is not final yet, `PayoutRefused` and `InsufficientFunds` as the payer.
        """
        if data_credits:
            await self.burn(f"{order.network}/{order.epoch}", data_credits)
        result = await self.payer.pay(self._order(order))
        price, source = ("0", "test tokens are worthless") if self.test_tokens else (None, None)
        entries = payout_entries(result, at_s=self.clock.wall_s(), price=price, price_source=source)
        await self.ledger.book(list(entries))
        await self.sol.catch_up(self._payer, whole=True)
        if not result.complete:
            waiting = ", ".join(f"{batch.key} is {batch.state.value}" for batch in result.unknown) or "not final yet"
            raise PaymentWaits(f"epoch {order.epoch}: {waiting}")
        return result

    async def plan(self, order: OracleOrder) -> tuple[PayoutPreview, list[Batch]]:
        """Return what paying an order takes and its transactions; nothing is stored or signed. Raises as `pay`."""
        checked = self._order(order)
        return await self.payer.preview(checked), await self.payer.plan(checked)

    async def issue_credits(self, cause: str, amount: int) -> None:
        """Give the data payer credits, once per cause."""
        owner = address_text(signer_key(self.data_payer))
        movement = await self.credits.issue(cause, owner, amount)
        _must_be_final(movement.key, movement.state, movement.refused)
        at_s = self.clock.wall_s()
        await self.ledger.book(
            [credit_issue_entry(movement, mint=self._credit_mint, owner=owner, at_s=at_s, cause=cause)]
        )

    async def burn(self, usage: str, amount: int) -> None:
        """Burn data credits for a usage, once."""
        movement = await self.credits.burn(usage, self.data_payer, amount)
        _must_be_final(movement.key, movement.state, movement.refused)
        owner = address_text(signer_key(self.data_payer))
        entry = usage_entry(movement, mint=self._credit_mint, owner=owner, at_s=self.clock.wall_s(), cause=usage)
        await self.ledger.book([entry])

    async def signatures(self, network: str, epoch: int) -> dict[str, str]:
        """Return owner -> signature of the transaction that paid the owner in an epoch."""
        found: dict[str, str] = {}
        prefix = book.owner_account("")
        for key in await self.payer.store.keys(f"payout/{network}/{epoch}/", (PaymentState.FINAL,)):
            entry = await self.ledger.entry(key)
            if entry is None or entry.signature is None:
                continue
            for posting in entry.postings:
                if posting.account.startswith(prefix):
                    found[posting.account.removeprefix(prefix)] = entry.signature
        return found

    async def compare(self, owners: Sequence[str] = ()) -> Reconciliation:
        """Compare every booked balance, every supply and the payer's SOL with the chain."""
        mints = [token.mint for token in self.tokens.tokens.values()]
        await self.sol.catch_up(self._payer, whole=True)
        tokens = await reconcile(self.ledger, self.cluster, mints, owners=owners)
        return tokens + await self.sol.compare([self._payer])

    @property
    def sol(self) -> SolBook:
        """The payer's SOL: fees and rents."""
        return SolBook(ledger=self.ledger, cluster=self.cluster, payments=self.payer.store, clock=self.clock)

    @property
    def _payer(self) -> str:
        return address_text(signer_key(self.payer.payer))

    @property
    def _credit_mint(self) -> str:
        return self.tokens.tokens[self.credits.token_name].mint

    def _order(self, order: OracleOrder) -> PayoutOrder:
        return PayoutOrder(
            network=order.network,
            epoch=order.epoch,
            manifest_hash=order.manifest_hash,
            lines=tuple(
                PayoutLine(mint=self.tokens.tokens[payment.token].mint, owner=payment.owner, amount=payment.amount)
                for payment in order.payments
            ),
            signatures=tuple(OracleSignature(public_key=key, signature=value) for key, value in order.signatures),
        )


def _must_be_final(key: str, state: PaymentState, refused: str | None) -> None:
    if state is not PaymentState.FINAL:
        raise PaymentWaits(f"{key} is {state.value}" + (f": {refused}" if refused else ""))
