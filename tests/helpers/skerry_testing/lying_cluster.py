"""A cluster that passes everything on to an honest one, except for what a test makes it lie about."""

from dataclasses import dataclass, field

from skerry_wallet.address import address_text
from skerry_wallet.cluster import Account, Blockhash, Cluster, Landing, SignatureStatus, Simulation
from skerry_wallet.errors import ClusterUnavailable
from skerry_wallet.programs import MEMO_PROGRAM
from skerry_wallet.transaction import parse_transaction

__all__ = ["LyingCluster"]

_MARKER = Account(lamports=890_880, owner=address_text(MEMO_PROGRAM), data=b"", executable=False)


@dataclass(slots=True)
class LyingCluster(Cluster):
    """Each flag is one lie; `sent` is what it was given to send."""

    honest: Cluster
    hides_statuses: bool = False  # "not found" for what landed
    hides_accounts: frozenset[str] = frozenset()  # "no such account"
    invents_accounts: frozenset[str] = frozenset()  # after sending: an empty account of the memo program
    invents_landings: bool = False  # shows every sent transaction as landed, with balances that add up
    hides_history: bool = False
    invents_statuses: bool = False  # "landed" for everything
    swallows: bool = False  # says "sent" and sends nothing
    loses_answers: bool = False  # sends, then times out
    stands_still: bool = False  # the block height never grows
    fails_statuses: bool = False  # "failed" for what landed
    sent: list[bytes] = field(default_factory=list)

    async def genesis_hash(self) -> str:
        return await self.honest.genesis_hash()

    async def block_height(self) -> int:
        return 0 if self.stands_still else await self.honest.block_height()

    async def latest_blockhash(self) -> Blockhash:
        return await self.honest.latest_blockhash()

    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        found = dict(zip(addresses, await self.honest.accounts(addresses), strict=True))
        found |= dict.fromkeys(self.hides_accounts & found.keys())
        if self.sent:
            found |= dict.fromkeys(self.invents_accounts & found.keys(), _MARKER)
        return [found[address] for address in addresses]

    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        return await self.honest.minimum_rent_lamports(size_bytes)

    async def simulate(self, transaction: bytes) -> Simulation:
        return await self.honest.simulate(transaction)

    async def send(self, transaction: bytes) -> str:
        self.sent.append(transaction)
        if self.swallows:
            return "1" * 64
        signature = await self.honest.send(transaction)
        if self.loses_answers:
            raise ClusterUnavailable("timed out")
        return signature

    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        if self.hides_statuses:
            return [None] * len(signatures)
        if self.invents_statuses:
            return [SignatureStatus(slot=1, finalized=True, error=None)] * len(signatures)
        found = await self.honest.statuses(signatures)
        if self.fails_statuses:
            return [s and SignatureStatus(slot=s.slot, finalized=True, error="AccountInUse") for s in found]
        return found

    async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
        return [] if self.hides_history else await self.honest.history(address, limit=limit, before=before)

    async def landing(self, signature: str) -> Landing | None:
        for raw in self.sent if self.invents_landings else ():
            transaction = parse_transaction(raw)
            if transaction.signature == signature:
                payer, *others = (address_text(key) for key in transaction.message.keys)
                cost = 5_000 * transaction.message.required_signatures
                gifts = tuple((address, 0, 890_880) for address in others)
                held = 10**12
                left = held - cost - 890_880 * len(gifts)
                return Landing(
                    signature=signature, raw=raw, slot=1, at_s=1, error=None, fee_lamports=cost,
                    lamports=((payer, held, left), *gifts),
                )  # fmt: skip
        return await self.honest.landing(signature)

    async def close(self) -> None:
        await self.honest.close()
