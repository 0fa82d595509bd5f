"""A cluster that passes everything on to an honest one, except for what a test makes it lie about."""

from dataclasses import dataclass, field

from skerry_wallet.cluster import Account, Blockhash, Cluster, Landing, SignatureStatus, Simulation
from skerry_wallet.errors import ClusterUnavailable

__all__ = ["LyingCluster"]


@dataclass(slots=True)
class LyingCluster(Cluster):
    """Each flag is one lie; `sent` counts what was passed on."""

    honest: Cluster
    hides_statuses: bool = False  # "not found" for what landed
    hides_accounts: frozenset[str] = frozenset()  # "no such account"
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
        found = await self.honest.accounts(addresses)
        pairs = zip(addresses, found, strict=True)
        return [None if address in self.hides_accounts else account for address, account in pairs]

    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        return await self.honest.minimum_rent_lamports(size_bytes)

    async def simulate(self, transaction: bytes) -> Simulation:
        return await self.honest.simulate(transaction)

    async def send(self, transaction: bytes) -> str:
        if self.swallows:
            return "1" * 64
        self.sent.append(transaction)
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
        return await self.honest.landing(signature)

    async def close(self) -> None:
        await self.honest.close()
