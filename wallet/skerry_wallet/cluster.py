"""Access to a Solana cluster: the embedded VM's child process or any JSON-RPC server, behind one interface."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

__all__ = ["Account", "Blockhash", "Cluster", "Landing", "SignatureStatus", "Simulation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as the cluster holds it."""

    lamports: int
    owner: str
    data: bytes
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockhash:
    """A recent blockhash and the last block height at which it is accepted."""

    blockhash: str
    last_valid_block_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureStatus:
    """What the cluster says of a transaction; `error` None means it took effect."""

    slot: int
    finalized: bool
    error: object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The effects of a transaction that was not sent."""

    error: object | None
    logs: tuple[str, ...]
    units_consumed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A transaction that landed and what it did to lamports; a failed one took its fee and nothing else.

    `lamports` is account, before, after, for every account that it names, its payer first.
    """

    signature: str
    raw: bytes
    slot: int
    at_s: int | None
    error: object | None
    fee_lamports: int
    lamports: tuple[tuple[str, int, int], ...]


class Cluster(ABC):
    """All methods raise `ClusterError` children (`skerry_wallet.errors`); addresses and hashes are base58 text."""

    @abstractmethod
    async def genesis_hash(self) -> str:
        """Return the hash that names this cluster."""

    @abstractmethod
    async def block_height(self) -> int:
        """Return the current block height."""

    @abstractmethod
    async def latest_blockhash(self) -> Blockhash:
        """Return a fresh blockhash."""

    @abstractmethod
    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        """Return the accounts in the order asked; None where there is none."""

    @abstractmethod
    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        """Return what an account of this size must hold."""

    @abstractmethod
    async def simulate(self, transaction: bytes) -> Simulation:
        """Run a transaction without effect."""

    @abstractmethod
    async def send(self, transaction: bytes) -> str:
        """Send a signed transaction; return its signature. Success means accepted, not final.

        Raises `TransactionRejected` when the cluster refuses it and `ClusterUnavailable` when nobody knows.
        """

    @abstractmethod
    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        """Return what is known of each transaction, searching history too; None where nothing is known."""

    @abstractmethod
    async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
        """Return signatures of landed transactions that name the address, newest first; failed ones are among them.

        `before` is a signature of that history: only older ones follow.
        """

    @abstractmethod
    async def landing(self, signature: str) -> Landing | None:
        """Return a finalised transaction with its effect on lamports, None when it is not known."""

    async def transaction(self, signature: str) -> bytes | None:
        """Return the signed bytes of a landed transaction, None when it is not known."""
        found = await self.landing(signature)
        return None if found is None else found.raw

    @abstractmethod
    async def close(self) -> None:
        """Free sockets and child processes."""
