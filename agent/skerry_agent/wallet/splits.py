"""An owner's splits with hosts: what follows from the rewards, what is owed, and paying it once. For the CLI.

Rewards come from the agent's own table, as the operator's signed manifests stated them and payments made them real.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from skerry_agent.store import RewardRow, Rewards, RewardState
from skerry_agent.wallet.review import Review, review_message
from skerry_agent.wallet.spend import About, spent_today, wallet_key
from skerry_core.clock import NS_PER_S, Clock
from skerry_keys.signer import Signer
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import InsufficientFunds
from skerry_wallet.ledger.book import Entry, Ledger
from skerry_wallet.ledger.sol import SolBook
from skerry_wallet.payout.decision import MarkerState
from skerry_wallet.payout.evidence import marker_state
from skerry_wallet.payout.payment import Payment, PaymentState, PaymentStore, Update, template_of
from skerry_wallet.payout.settler import Settler
from skerry_wallet.spending.rules import SpendingRules, check_spending
from skerry_wallet.splits.booking import Earned, host_account, payout_entry, split_entries
from skerry_wallet.splits.payout import HostPayment, amount_of, made_by, payment_prefix
from skerry_wallet.splits.store import SplitStore
from skerry_wallet.tokens import Token, token_balances
from skerry_wallet.transaction import parse_transaction

__all__ = ["DueHost", "SplitDesk"]

_OPEN = (PaymentState.PLANNED, PaymentState.SIGNED, PaymentState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueHost:
    """One payment of the list: new, or one that was begun (then `state` says how it stands). Amounts are base units."""

    host: str
    token: Token
    amount: int
    payment: Payment
    review: Review | None
    state: PaymentState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDesk:
    """`tokens` is by name, as rewards name them."""

    splits: SplitStore
    rewards: Rewards
    ledger: Ledger
    payments: PaymentStore
    tokens: Mapping[str, Token]
    clock: Clock = field(repr=False)

    async def paid_rewards(self) -> list[RewardRow]:
        """Return every reward that was paid, in a token that is known here."""
        found: list[RewardRow] = []
        cursor: str | None = None
        while True:
            page = await self.rewards.page(cursor=cursor, limit=1000)
            found += [row for row in page.rows if row.state is RewardState.PAID and row.token in self.tokens]
            if page.next_cursor is None:
                return found
            cursor = page.next_cursor

    async def unbooked(self) -> list[Entry]:
        """Return the entries that follow from paid rewards and the agreements and are not in the ledger yet."""
        earned = [
            Earned(
                network=row.network,
                epoch=row.epoch,
                hotspot=row.hotspot,
                owner=row.owner,
                mint=self.tokens[row.token].mint,
                amount=row.amount,
                at_s=row.at_ns // NS_PER_S - 1,  # the epoch's last second: it belongs to the month that it ends in
            )
            for row in await self.paid_rewards()
        ]
        entries = split_entries(earned, await self.splits.changes())
        return [entry for entry in entries if await self.ledger.entry(entry.id) is None]

    async def next_epoch(self, hotspot: str) -> int | None:
        """Return the epoch after the newest one that a hotspot has a reward of, None when it has none."""
        page = await self.rewards.page(hotspot=hotspot, limit=1)
        return page.rows[0].epoch + 1 if page.rows else None

    async def owed(self, owner: str, *, with_unbooked: bool) -> dict[tuple[str, str], int]:
        """Return (host, mint) -> base units that an owner owes by the ledger, and by what is not booked yet."""
        prefix = host_account(owner)
        found: dict[tuple[str, str], int] = {}
        for token in self.tokens.values():
            for account, amount in (await self.ledger.balances(token.mint, prefix=prefix)).items():
                found[account.removeprefix(prefix), token.mint] = amount
        for entry in await self.unbooked() if with_unbooked else ():
            for posting in entry.postings:
                if posting.account.startswith(prefix):
                    key = posting.account.removeprefix(prefix), posting.token
                    found[key] = found.get(key, 0) + posting.amount
        return {key: amount for key, amount in sorted(found.items()) if amount > 0}

    async def adopt(self, owner: str, cluster: Cluster) -> list[Payment]:
        """Take over payments that the chain shows and these books miss, as after a restored backup; return them.

        What is believed is only a transaction that this owner signed and that made the very marker.
        """
        found: list[Payment] = []
        parties = {share.address for change in await self.splits.changes() for share in change.agreement.shares}
        for host in sorted(parties - {owner}):
            for token in self.tokens.values():
                while (missed := await self._missed(owner, host, token, cluster)) is not None:
                    found.append(missed)
        return found

    async def due(self, owner: str, cluster: Cluster, *, known: frozenset[str]) -> list[DueHost]:
        """Return the list of payments that would be made, reviewed and simulated; nothing is stored or signed.

        Raises `InsufficientFunds`, `ClusterError`.
        """
        by_mint = {token.mint: token for token in self.tokens.values()}
        owed = await self.owed(owner, with_unbooked=True)
        found = [
            await self._due(owner, host, by_mint[mint], amount, cluster=cluster, known=known)
            for (host, mint), amount in owed.items()
        ]
        await self._check_tokens(owner, found, cluster)
        return found

    async def pay(
        self,
        one: DueHost,
        signer: Signer,
        *,
        owner: str,
        rules: SpendingRules,
        cluster: Cluster,
        second: Cluster | None = None,
    ) -> Payment:
        """Pay one of the list, or go on with it; return how it ended. Safe to repeat at any moment.

        Raises `SpendingRefused` before anything is signed, `ClusterError` with everything stored.
        """
        if one.state is None:
            assert one.review is not None
            spent = await spent_today(self.payments, owner, clock=self.clock)
            check_spending(rules, paid=one.review.paid, destinations=one.review.destinations, spent_today=spent)
            about = About(
                cluster=await cluster.genesis_hash(),
                at_s=self.clock.wall_s(),
                paid=one.review.paid,
                to=sorted(one.review.destinations),
                effects=[effect.to_text() for effect in one.review.effects],
            )
            await self.payments.plan([replace(one.payment, about=about.to_text())])
        settler = Settler(cluster=cluster, store=self.payments, clock=self.clock, signers=[signer], second=second)
        result = await settler.settle([one.payment.key])
        ((stored, _),) = await self.payments.load([one.payment.key])
        refused = result.refused.get(stored.key)
        return stored if refused is None else replace(stored, note=f"refused: {refused}")

    async def book(self) -> int:
        """Book what follows from rewards and agreements, and every payment that is final; return how many entries."""
        return await self.ledger.book([*await self.unbooked(), *await self._final_payments()])

    async def book_sol(self, owner: str, cluster: Cluster) -> None:
        """Book the fees and rents of what was paid. Raises `ClusterError`; the next payment's booking catches up."""
        books = SolBook(ledger=self.ledger, cluster=cluster, payments=self.payments, clock=self.clock)
        await books.catch_up(owner, whole=False)

    async def _final_payments(self) -> list[Entry]:
        entries = []
        for key in await self.payments.keys(wallet_key("")[:-1], (PaymentState.FINAL,)):
            parts = key.split("/")
            if len(parts) != 6 or parts[2] != "split" or await self.ledger.entry(key) is not None:
                continue
            _, owner, _, host, mint, _ = parts
            ((payment, _),) = await self.payments.load([key])
            entries.append(
                payout_entry(
                    key=key,
                    at_s=About.of(payment).at_s,
                    owner=owner,
                    host=host,
                    mint=mint,
                    amount=amount_of(payment.template, mint),
                    signature=payment.signature or "",
                )
            )
        return entries

    async def _due(
        self, owner: str, host: str, token: Token, amount: int, *, cluster: Cluster, known: frozenset[str]
    ) -> DueHost:
        begun = await self.payments.keys(_prefix(owner, host, token), (*_OPEN, PaymentState.UNKNOWN))
        if begun:
            ((payment, _),) = await self.payments.load(begun[:1])
            return DueHost(
                host=host, token=token, amount=amount_of(payment.template, token.mint), payment=payment, review=None,
                state=payment.state,
            )  # fmt: skip
        made = await self._next(owner, host, token, amount)
        template = made.template(rent_lamports=await cluster.minimum_rent_lamports(0))
        review = await review_message(template, wallet=made.owner, cluster=cluster, known=known)
        payment = Payment(
            key=wallet_key(owner, made.key),
            network="",
            marker=address_text(made.marker.address),
            template=template_of(review.message),
        )
        return DueHost(host=host, token=token, amount=amount, payment=payment, review=review, state=None)

    async def _next(self, owner: str, host: str, token: Token, amount: int) -> HostPayment:
        number = len(await self.payments.keys(_prefix(owner, host, token), tuple(PaymentState)))
        return HostPayment(owner=address_bytes(owner), host=host, token=token, amount=amount, number=number)

    async def _missed(self, owner: str, host: str, token: Token, cluster: Cluster) -> Payment | None:
        following = await self._next(owner, host, token, 0)
        marker = address_text(following.marker.address)
        (account,) = await cluster.accounts([marker])
        if marker_state(account) is not MarkerState.PRESENT:
            return None
        for signature in await cluster.history(marker):
            landing = await cluster.landing(signature)
            amount = 0 if landing is None else made_by(landing, following)
            if landing is None or not amount:
                continue
            about = About(
                cluster=await cluster.genesis_hash(), at_s=landing.at_s or self.clock.wall_s(),
                paid={token.mint: amount}, to=[host], effects=[],
            )  # fmt: skip
            template = template_of(parse_transaction(landing.raw).message_bytes)
            payment = Payment(
                key=wallet_key(owner, following.key), network="", marker=marker, template=template,
                about=about.to_text(),
            )  # fmt: skip
            await self.payments.plan([payment])
            note = "found on the chain; these books had missed it"
            await self.payments.update(
                [Update(key=payment.key, state=PaymentState.FINAL, note=note, signature=signature)]
            )
            return payment
        return None

    async def _check_tokens(self, owner: str, found: list[DueHost], cluster: Cluster) -> None:
        for token in self.tokens.values():
            needed = sum(one.amount for one in found if one.token == token and one.state is None)
            if needed:
                (held,) = await token_balances(cluster, token.mint, [address_bytes(owner)])
                if held.amount < needed:
                    raise InsufficientFunds(
                        account=owner, asset=token.name, needed=needed, held=held.amount, decimals=token.decimals
                    )


def _prefix(owner: str, host: str, token: Token) -> str:
    return wallet_key(owner, payment_prefix(host, token.mint))
