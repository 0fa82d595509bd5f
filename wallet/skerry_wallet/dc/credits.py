"""Data credits of a network with tokens of its own: issue, burn for usage, balance. The agent makes one per network.

One data credit costs $0.00001 and carries 24 bytes (wallet-economics 1.8). An account is frozen by the transaction
that creates it; every movement thaws, moves and freezes in one transaction, marked by its cause, so it happens once.
"""

from dataclasses import dataclass, field

from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_keys.signer import Signer
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.confirm import send_and_confirm
from skerry_wallet.errors import ClusterError, InsufficientFunds, TransactionRejected
from skerry_wallet.payout.marker import Marker
from skerry_wallet.payout.payment import ZERO_BLOCKHASH, Payment, PaymentState, PaymentStore
from skerry_wallet.payout.settler import Settler
from skerry_wallet.programs import (
    TOKEN_ACCOUNT_SIZE,
    associated_token_address,
    burn_checked,
    create_token_account,
    freeze_account,
    memo,
    mint_to_checked,
    thaw_account,
)
from skerry_wallet.tokens import FEE_LAMPORTS, TokenNetwork, require_lamports, token_balances
from skerry_wallet.transaction import Instruction, compile_message, signer_key

__all__ = ["CreditMovement", "DataCredits"]

_MEMO_LIMIT = 200  # characters of a cause that go into the memo; the marker covers all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMovement:
    """How an issue or a burn stands; `refused` is the cluster's term, and the movement may be tried again."""

    key: str
    amount: int
    state: PaymentState
    signature: str | None
    note: str
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCredits:
    """`token_name` is a token of the network with `frozen`; the payer pays fees and markers."""

    cluster: Cluster
    store: PaymentStore
    clock: Clock
    network: TokenNetwork
    token_name: str
    payer: Signer = field(repr=False)
    mint_authority: Signer = field(repr=False)
    freeze_authority: Signer = field(repr=False)
    second: Cluster | None = None  # another server of the same chain that must agree that a movement is final

    async def balance(self, owner: str) -> int:
        """Return the data credits of an owner's account."""
        (found,) = await token_balances(self.cluster, self._mint_text, [address_bytes(owner)])
        return found.amount

    async def issue(self, cause_id: str, owner: str, amount: int) -> CreditMovement:
        """Mint credits to an owner, once per `cause_id`; opens the owner's account when there is none."""
        _check_amount(amount)
        await self._open_account(address_bytes(owner))
        account, minter = self._account(owner), signer_key(self.mint_authority)
        mint = mint_to_checked(mint=self._mint, account=account, authority=minter, amount=amount, decimals=0)
        return await self._move(("issue", cause_id), account, mint, amount, [self.mint_authority])

    async def burn(self, usage_id: str, authority: Signer, amount: int) -> CreditMovement:
        """Burn credits of the authority's account for data that was carried, once per `usage_id`.

        `authority` is the account's owner: the network's data-credit delegate, or a customer. Raises
        `InsufficientFunds` before signing, `PayoutRefused` E_PAYOUT_CHANGED for a known id with another amount.
        """
        _check_amount(amount)
        owner = address_text(signer_key(authority))
        (held,) = await token_balances(self.cluster, self._mint_text, [signer_key(authority)])
        if not await self.store.has(self._key("usage", usage_id)) and held.amount < amount:
            raise InsufficientFunds(account=owner, asset=self.token_name, needed=amount, held=held.amount)
        account, burner = self._account(owner), signer_key(authority)
        burn = burn_checked(account=account, mint=self._mint, authority=burner, amount=amount, decimals=0)
        return await self._move(("usage", usage_id), account, burn, amount, [authority])

    @property
    def _mint_text(self) -> str:
        return self.network.tokens[self.token_name].mint

    @property
    def _mint(self) -> bytes:
        return address_bytes(self._mint_text)

    def _account(self, owner: str) -> bytes:
        return associated_token_address(address_bytes(owner), self._mint)

    def _key(self, kind: str, cause_id: str) -> str:
        return f"credits/{self.network.network}/{kind}/{cause_id}"

    async def _move(
        self, cause: tuple[str, str], account: bytes, movement: Instruction, amount: int, signers: list[Signer]
    ) -> CreditMovement:
        payer, freezer = signer_key(self.payer), signer_key(self.freeze_authority)
        marker = Marker(payer, (self.network.network, *cause))
        rent = await self.cluster.minimum_rent_lamports(0)
        calls = [
            *marker.instructions(rent_lamports=rent),
            memo(f"skerry {cause[0]} {cause[1]}"[:_MEMO_LIMIT]),
            thaw_account(account=account, mint=self._mint, authority=freezer),
            movement,
            freeze_account(account=account, mint=self._mint, authority=freezer),
        ]
        payment = Payment(
            key=self._key(*cause),
            network=self.network.network,
            marker=address_text(marker.address),
            template=compile_message(payer, calls, ZERO_BLOCKHASH),
        )
        return await self._settle(payment, amount, [self.payer, self.freeze_authority, *signers])

    async def _settle(self, payment: Payment, amount: int, signers: list[Signer]) -> CreditMovement:
        if not await self.store.has(payment.key):
            rent = await self.cluster.minimum_rent_lamports(0)
            await require_lamports(self.cluster, signer_key(self.payer), rent + len(signers) * FEE_LAMPORTS)
        await self.store.plan([payment])
        settler = Settler(cluster=self.cluster, store=self.store, clock=self.clock, signers=signers, second=self.second)
        result = await settler.settle([payment.key])
        ((stored, _),) = await self.store.load([payment.key])
        return CreditMovement(
            key=stored.key,
            amount=amount,
            state=stored.state,
            signature=stored.signature,
            note=stored.note,
            refused=result.refused.get(stored.key),
        )

    async def _open_account(self, owner: bytes) -> None:
        """Create and freeze the owner's account unless it is there; of two racing creators one fails, harmlessly."""
        (found,) = await token_balances(self.cluster, self._mint_text, [owner])
        if found.frozen:
            return
        payer, freezer = signer_key(self.payer), signer_key(self.freeze_authority)
        rent = await self.cluster.minimum_rent_lamports(TOKEN_ACCOUNT_SIZE)
        await require_lamports(self.cluster, payer, rent + 2 * FEE_LAMPORTS)
        calls = (
            create_token_account(payer=payer, owner=owner, mint=self._mint),
            freeze_account(account=address_bytes(found.account), mint=self._mint, authority=freezer),
        )
        try:
            await send_and_confirm(self.cluster, calls, [self.payer, self.freeze_authority], clock=self.clock)
        except TransactionRejected as refusal:
            (found,) = await token_balances(self.cluster, self._mint_text, [owner])
            if not found.frozen:
                raise ClusterError(
                    refusal.code, f"The data-credit account of {address_text(owner)} cannot be opened: {refusal.error}."
                ) from refusal


def _check_amount(amount: int) -> None:
    if not 0 < amount < 1 << 64:
        raise UsageError("E_DC_AMOUNT", f"{amount} data credits cannot be moved.", params={"amount": amount})
