"""Instructions of Solana's own programs that wallets use: system, SPL token, associated token, compute budget.

Encoded by hand from their published layouts (wallet-economics section 3), so that no VM library is loaded.
"""

from skerry_wallet.helium import constants
from skerry_wallet.helium.addresses import ata
from skerry_wallet.helium.constants import mint
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instruction import AccountMeta, Instruction

__all__ = [
    "burn_checked",
    "create_ata_idempotent",
    "set_compute_unit_limit",
    "set_compute_unit_price",
    "system_transfer",
    "transfer_checked",
]

_SYSTEM_TRANSFER = 2
_TRANSFER_CHECKED = 12
_BURN_CHECKED = 15
_CREATE_IDEMPOTENT = 1
_SET_UNIT_LIMIT = 2
_SET_UNIT_PRICE = 3


def system_transfer(*, source: str, to: str, lamports: int) -> Instruction:
    """Return a transfer of SOL."""
    return Instruction(
        program=constants.SYSTEM_PROGRAM,
        data=_SYSTEM_TRANSFER.to_bytes(4, "little") + _u64(lamports),
        accounts=(AccountMeta(source, signer=True, writable=True), AccountMeta(to, writable=True)),
    )


def transfer_checked(*, owner: str, to: str, token: str, amount: int) -> Instruction:
    """Return a token transfer between the associated accounts of two owners; `amount` in base units."""
    return Instruction(
        program=constants.TOKEN_PROGRAM,
        data=bytes([_TRANSFER_CHECKED]) + _u64(amount) + bytes([constants.DECIMALS[token]]),
        accounts=(
            AccountMeta(ata(owner, token=token).address, writable=True),
            AccountMeta(mint(token)),
            AccountMeta(ata(to, token=token).address, writable=True),
            AccountMeta(owner, signer=True),
        ),
    )


def burn_checked(*, owner: str, token: str, amount: int) -> Instruction:
    """Return a burn from the owner's associated account; `amount` in base units."""
    return Instruction(
        program=constants.TOKEN_PROGRAM,
        data=bytes([_BURN_CHECKED]) + _u64(amount) + bytes([constants.DECIMALS[token]]),
        accounts=(
            AccountMeta(ata(owner, token=token).address, writable=True),
            AccountMeta(mint(token), writable=True),
            AccountMeta(owner, signer=True),
        ),
    )


def create_ata_idempotent(*, payer: str, owner: str, token: str) -> Instruction:
    """Return the creation of an associated account that does nothing when it exists."""
    return Instruction(
        program=constants.ASSOCIATED_TOKEN_PROGRAM,
        data=bytes([_CREATE_IDEMPOTENT]),
        accounts=(
            AccountMeta(payer, signer=True, writable=True),
            AccountMeta(ata(owner, token=token).address, writable=True),
            AccountMeta(owner),
            AccountMeta(mint(token)),
            AccountMeta(constants.SYSTEM_PROGRAM),
            AccountMeta(constants.TOKEN_PROGRAM),
        ),
    )


def set_compute_unit_limit(units: int) -> Instruction:
    """Return the limit of compute units of the whole transaction."""
    return Instruction(
        program=constants.COMPUTE_BUDGET_PROGRAM, data=bytes([_SET_UNIT_LIMIT]) + units.to_bytes(4, "little")
    )


def set_compute_unit_price(micro_lamports: int) -> Instruction:
    """Return the priority fee per compute unit."""
    return Instruction(program=constants.COMPUTE_BUDGET_PROGRAM, data=bytes([_SET_UNIT_PRICE]) + _u64(micro_lamports))


def _u64(value: int) -> bytes:
    if not 0 <= value < 1 << 64:
        raise HeliumRejected("invalid_value", f"{value} is no u64")
    return value.to_bytes(8, "little")
