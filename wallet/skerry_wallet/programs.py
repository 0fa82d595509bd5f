"""Instructions of the programs that settle: system, classic SPL token, associated token account, memo.

Byte layouts are those of wallet-economics section 3; every amount is an integer in base units.
"""

from functools import lru_cache

from skerry_wallet.address import address_bytes, find_program_address
from skerry_wallet.transaction import AccountMeta, Instruction

__all__ = [
    "ASSOCIATED_TOKEN_PROGRAM",
    "COMPUTE_BUDGET_PROGRAM",
    "MEMO_PROGRAM",
    "MINT_SIZE",
    "SYSTEM_PROGRAM",
    "TOKEN_ACCOUNT_SIZE",
    "TOKEN_PROGRAM",
    "allocate_with_seed",
    "associated_token_address",
    "burn_checked",
    "compute_budget",
    "create_account",
    "create_token_account",
    "freeze_account",
    "initialize_mint",
    "memo",
    "mint_to_checked",
    "thaw_account",
    "transfer_checked",
    "transfer_lamports",
    "transfer_with_seed",
]

SYSTEM_PROGRAM = bytes(32)
TOKEN_PROGRAM = address_bytes("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ASSOCIATED_TOKEN_PROGRAM = address_bytes("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO_PROGRAM = address_bytes("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")

COMPUTE_BUDGET_PROGRAM = address_bytes("ComputeBudget111111111111111111111111111111")

MINT_SIZE = 82
TOKEN_ACCOUNT_SIZE = 165


@lru_cache(maxsize=65_536)  # one network's owners and their tokens; the curve test takes 0.1 ms
def associated_token_address(owner: bytes, mint: bytes) -> bytes:
    """Return the associated token account of the classic token program (wallet-economics 1.3)."""
    return find_program_address((owner, TOKEN_PROGRAM, mint), ASSOCIATED_TOKEN_PROGRAM)[0]


def create_account(*, payer: bytes, account: bytes, lamports: int, size_bytes: int, owner: bytes) -> Instruction:
    """Create an account that signs for itself (system instruction 0)."""
    return Instruction(
        program=SYSTEM_PROGRAM,
        accounts=(_signer(payer), _signer(account)),
        data=_u32(0) + _u64(lamports) + _u64(size_bytes) + owner,
    )


def transfer_lamports(*, source: bytes, target: bytes, lamports: int) -> Instruction:
    """Move lamports from a signer (system instruction 2)."""
    return Instruction(
        program=SYSTEM_PROGRAM, accounts=(_signer(source), _writable(target)), data=_u32(2) + _u64(lamports)
    )


def allocate_with_seed(*, account: bytes, base: bytes, seed: str, size_bytes: int, owner: bytes) -> Instruction:
    """Give a derived account its size and owning program (system instruction 9); fails when it already has one."""
    return Instruction(
        program=SYSTEM_PROGRAM,
        accounts=(_writable(account), AccountMeta(base, signer=True)),
        data=_u32(9) + base + _text(seed) + _u64(size_bytes) + owner,
    )


def transfer_with_seed(
    *, source: bytes, base: bytes, seed: str, owner: bytes, target: bytes, lamports: int
) -> Instruction:
    """Move lamports out of an account derived from `base` (system instruction 11); fails when it holds less."""
    return Instruction(
        program=SYSTEM_PROGRAM,
        accounts=(_writable(source), AccountMeta(base, signer=True), _writable(target)),
        data=_u32(11) + _u64(lamports) + _text(seed) + owner,
    )


def initialize_mint(*, mint: bytes, decimals: int, authority: bytes, freeze_authority: bytes | None) -> Instruction:
    """Make a fresh account a mint (token instruction 20, InitializeMint2)."""
    freeze = b"\x00" if freeze_authority is None else b"\x01" + freeze_authority
    return _token(20, (_writable(mint),), bytes([decimals]) + authority + freeze)


def create_token_account(*, payer: bytes, owner: bytes, mint: bytes) -> Instruction:
    """Create the owner's associated token account unless it exists (instruction 1, idempotent)."""
    return Instruction(
        program=ASSOCIATED_TOKEN_PROGRAM,
        accounts=(
            _signer(payer),
            _writable(associated_token_address(owner, mint)),
            AccountMeta(owner),
            AccountMeta(mint),
            AccountMeta(SYSTEM_PROGRAM),
            AccountMeta(TOKEN_PROGRAM),
        ),
        data=b"\x01",
    )


def mint_to_checked(*, mint: bytes, account: bytes, authority: bytes, amount: int, decimals: int) -> Instruction:
    """Mint new tokens (token instruction 14)."""
    return _token(14, (_writable(mint), _writable(account), _authority(authority)), _u64(amount) + bytes([decimals]))


def transfer_checked(
    *, source: bytes, mint: bytes, target: bytes, authority: bytes, amount: int, decimals: int
) -> Instruction:
    """Move tokens (token instruction 12)."""
    accounts = (_writable(source), AccountMeta(mint), _writable(target), _authority(authority))
    return _token(12, accounts, _u64(amount) + bytes([decimals]))


def burn_checked(*, account: bytes, mint: bytes, authority: bytes, amount: int, decimals: int) -> Instruction:
    """Destroy tokens (token instruction 15)."""
    return _token(15, (_writable(account), _writable(mint), _authority(authority)), _u64(amount) + bytes([decimals]))


def freeze_account(*, account: bytes, mint: bytes, authority: bytes) -> Instruction:
    """Forbid every movement of a token account (token instruction 10)."""
    return _token(10, (_writable(account), AccountMeta(mint), _authority(authority)), b"")


def thaw_account(*, account: bytes, mint: bytes, authority: bytes) -> Instruction:
    """Allow movements again (token instruction 11)."""
    return _token(11, (_writable(account), AccountMeta(mint), _authority(authority)), b"")


def compute_budget(*, units: int, micro_lamports: int) -> tuple[Instruction, Instruction]:
    """Limit the compute units and offer a priority fee for each (compute budget instructions 2 and 3)."""
    limit = Instruction(program=COMPUTE_BUDGET_PROGRAM, accounts=(), data=b"\x02" + _u32(units))
    price = Instruction(program=COMPUTE_BUDGET_PROGRAM, accounts=(), data=b"\x03" + _u64(micro_lamports))
    return limit, price


def memo(text: str) -> Instruction:
    """Leave a text in the transaction and its log."""
    return Instruction(program=MEMO_PROGRAM, accounts=(), data=text.encode())


def _token(tag: int, accounts: tuple[AccountMeta, ...], data: bytes) -> Instruction:
    return Instruction(program=TOKEN_PROGRAM, accounts=accounts, data=bytes([tag]) + data)


def _signer(key: bytes) -> AccountMeta:
    return AccountMeta(key, signer=True, writable=True)


def _writable(key: bytes) -> AccountMeta:
    return AccountMeta(key, writable=True)


def _authority(key: bytes) -> AccountMeta:
    return AccountMeta(key, signer=True)


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _u64(len(encoded)) + encoded
