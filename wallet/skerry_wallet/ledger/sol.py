"""SOL in the ledger: every transaction of a wallet that landed is booked with its fee, its rents, cause and signature.

What a server's history shows is checked against itself: where a transaction finds another balance than the one before
left, the missing movement is booked by that name, as `elsewhere`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skerry_core.clock import Clock
from skerry_wallet.cluster import Cluster, Landing
from skerry_wallet.errors import MalformedTransaction
from skerry_wallet.ledger.book import Entry, Ledger, Posting, owner_account
from skerry_wallet.ledger.reconcile import Difference, Reconciliation
from skerry_wallet.payout.payment import PaymentState, PaymentStore
from skerry_wallet.spending.effects import SOL, Effect, UnreadableTransaction, decode_effects
from skerry_wallet.transaction import parse_transaction

__all__ = ["ELSEWHERE", "FEES", "SolBook"]

FEES = "fees"
ELSEWHERE = "elsewhere"
OPENING = "opening"
_PAGE = 1000
_CHUNK = 100  # entries per database transaction, oldest first: a crash leaves no gap behind it
_RENTS = {"allocate": "rent:markers", "open_token_account": "rent:token-accounts", "create_account": "rent:accounts"}
_PAYOUT = "payout/"  # keys of epoch payments: what else they fund are anchors


@dataclass(frozen=True, slots=True, kw_only=True)
class SolBook:
    """`payments` name the causes of what was signed here."""

    ledger: Ledger
    cluster: Cluster
    payments: PaymentStore
    clock: Clock = field(repr=False)

    async def catch_up(self, wallet: str, *, whole: bool) -> int:
        """Book what landed since the last time; return how many transactions.

        At the first time it begins with the wallet's first transaction (`whole`) or with its newest one, at the balance
        that the wallet had then. Raises `ClusterError`.
        """
        balance = await self._balance(wallet)
        fresh = await self._fresh(wallet, newest_only=balance is None and not whole)
        for start in range(0, len(fresh), _CHUNK):
            some = fresh[start : start + _CHUNK]
            causes = await self.payments.causes(some)
            entries: list[Entry] = []
            for signature in some:
                landing = await self.cluster.landing(signature)
                if landing is not None:
                    balance = self._book(entries, landing, wallet, causes.get(signature), balance)
            await self.ledger.book(entries)
        return len(fresh)

    async def compare(self, wallets: Sequence[str]) -> Reconciliation:
        """Compare the wallets' SOL with the chain, and the payments that are final here with its history."""
        differences: list[Difference] = []
        accounts = await self.cluster.accounts(list(wallets))
        for wallet, account in zip(wallets, accounts, strict=True):
            name, held = owner_account(wallet), account.lamports if account else 0
            booked = await self.ledger.balance(name, SOL)
            if booked != held:
                moved = "more than its history explains" if held > booked else "less than its history explains"
                note = f"the chain holds {abs(held - booked)} lamports {moved}"
                differences.append(Difference(account=name, token=SOL, ledger=booked, chain=held, note=note))
        differences += await self._unseen(wallets)
        return Reconciliation(accounts=len(wallets), differences=tuple(differences))

    async def _balance(self, wallet: str) -> int | None:
        """Return what the ledger says that a wallet has, None when nothing of it is booked."""
        account = owner_account(wallet)
        return await self.ledger.balance(account, SOL) if await self.ledger.knows(account, SOL) else None

    async def _fresh(self, wallet: str, *, newest_only: bool) -> list[str]:
        """Return signatures that are not booked, oldest first."""
        found: list[str] = []
        while True:
            page = await self.cluster.history(
                wallet, limit=1 if newest_only else _PAGE, before=found[-1] if found else None
            )
            booked = await self.ledger.booked([_entry_id(wallet, signature) for signature in page])
            for signature in page:
                if _entry_id(wallet, signature) in booked:
                    return found[::-1]
                found.append(signature)
            if newest_only or len(page) < _PAGE:
                return found[::-1]

    def _book(self, entries: list[Entry], landing: Landing, wallet: str, cause: str | None, balance: int | None) -> int:
        """Append the entries of one transaction; return the wallet's balance after it."""
        before, after = next((b, a) for address, b, a in landing.lamports if address == wallet)
        at_s = landing.at_s if landing.at_s is not None else self.clock.wall_s()
        if balance is None and before:
            entries.append(_opening(wallet, before, at_s))
        elif balance is not None and balance != before:
            entries.append(_gap(wallet, before - balance, landing.signature, at_s))
        effects = _effects(landing)
        postings = _postings(landing, wallet, after - before, effects, cause or "")
        if postings:
            entries.append(
                Entry(
                    id=_entry_id(wallet, landing.signature),
                    at_s=at_s,
                    kind="sol" if landing.error is None else "sol, failed",
                    cause=cause or f"no stored payment: {_summary(effects)}",
                    postings=postings,
                    signature=landing.signature,
                )
            )
        return after

    async def _unseen(self, wallets: Sequence[str]) -> list[Difference]:
        """Return payments that these wallets made, final here, of which the chain's history says nothing."""
        found = []
        payments = await self.payments.load(await self.payments.keys("", (PaymentState.FINAL,)))
        mine = [payment for payment, _ in payments if payment.signature is not None and payment.payer in wallets]
        ids = {payment.key: _entry_id(payment.payer, payment.signature or "") for payment in mine}
        booked = await self.ledger.booked(list(ids.values()))
        for payment in mine:
            if ids[payment.key] not in booked:
                note = f"payment {payment.key} is final here; the chain does not show {payment.signature}"
                name = owner_account(payment.payer)
                found.append(Difference(account=name, token=SOL, ledger=0, chain=0, note=note))
        return found


def _entry_id(wallet: str, signature: str) -> str:
    return f"sol/{wallet}/{signature}"


def _opening(wallet: str, lamports: int, at_s: int) -> Entry:
    return Entry(
        id=f"sol-opening/{wallet}",
        at_s=at_s,
        kind="opening",
        cause="balance before the first transaction that is booked",
        postings=(
            Posting(account=owner_account(wallet), token=SOL, amount=lamports),
            Posting(account=OPENING, token=SOL, amount=-lamports),
        ),
    )


def _gap(wallet: str, lamports: int, signature: str, at_s: int) -> Entry:
    return Entry(
        id=f"sol-gap/{wallet}/{signature}",
        at_s=at_s,
        kind="sol, unseen",
        cause="moved before this transaction, by one that the server does not show",
        postings=(
            Posting(account=owner_account(wallet), token=SOL, amount=lamports),
            Posting(account=ELSEWHERE, token=SOL, amount=-lamports),
        ),
        signature=signature,
    )


def _postings(landing: Landing, wallet: str, change: int, effects: Sequence[Effect], cause: str) -> tuple[Posting, ...]:
    """Return what a transaction did to one wallet: its change, and where that went."""
    went: Counter[str] = Counter()
    rest = -change
    if landing.lamports[0][0] == wallet:
        went[FEES] += landing.fee_lamports
        rest -= landing.fee_lamports
        for address, before, after in landing.lamports[1:]:
            name = _rent_account(address, effects, cause)
            if name is not None:
                went[name] += after - before
                rest -= after - before
    went[ELSEWHERE] += rest
    own = [Posting(account=owner_account(wallet), token=SOL, amount=change)] if change else []
    others = [Posting(account=name, token=SOL, amount=amount) for name, amount in sorted(went.items()) if amount]
    return (*own, *others)


def _rent_account(address: str, effects: Sequence[Effect], cause: str) -> str | None:
    for effect in effects:
        if effect.kind == "initialize_mint" and effect.asset == address:
            return "rent:mints"
    for effect in effects:
        if effect.kind in _RENTS and effect.target == address:
            return _RENTS[effect.kind]
    parties = {one for effect in effects if effect.kind == "transfer" for one in (effect.source, effect.target)}
    return "rent:anchors" if cause.startswith(_PAYOUT) and address in parties else None


def _effects(landing: Landing) -> tuple[Effect, ...]:
    try:
        return decode_effects(parse_transaction(landing.raw).message)
    except (MalformedTransaction, UnreadableTransaction):
        return ()


def _summary(effects: Sequence[Effect]) -> str:
    notes = [effect.note for effect in effects if effect.kind == "memo"]
    kinds: Mapping[str, None] = dict.fromkeys(effect.kind.replace("_", " ") for effect in effects)
    return ", ".join(notes or kinds) or "unreadable"
