"""One Solana instruction and its accounts, before it is compiled into a transaction."""

from dataclasses import dataclass

__all__ = ["AccountMeta", "Instruction"]


@dataclass(frozen=True, slots=True)
class AccountMeta:
    """An account that an instruction touches."""

    address: str
    signer: bool = False
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """Program, data and accounts in order."""

    program: str
    data: bytes
    accounts: tuple[AccountMeta, ...] = ()
