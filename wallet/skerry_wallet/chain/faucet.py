"""The embedded chain's source of test lamports: a key that everybody can derive, because they are worth nothing."""

import hashlib

from nacl.signing import SigningKey

from skerry_wallet.chain.snapshot import StoredAccount
from skerry_wallet.programs import SYSTEM_PROGRAM, memo, transfer_lamports
from skerry_wallet.transaction import compile_message

__all__ = ["Faucet"]

_SUPPLY_LAMPORTS = 10**18  # a thousand million SOL: never runs dry, and far from overflowing 64 bits


class Faucet:
    """Signs transfers from the faucet account of one chain."""

    def __init__(self, genesis_hash: str) -> None:
        self._key = SigningKey(hashlib.sha256(b"skerry faucet" + genesis_hash.encode()).digest())

    def account(self) -> StoredAccount:
        """Return the account to put into a new chain."""
        return bytes(self._key.verify_key), _SUPPLY_LAMPORTS, SYSTEM_PROGRAM, False, b""

    def transfer(self, target: bytes, lamports: int, blockhash: str, number: int) -> bytes:
        """Return a signed transfer; `number` keeps two equal airdrops of one slot apart."""
        source = bytes(self._key.verify_key)
        instructions = (
            transfer_lamports(source=source, target=target, lamports=lamports),
            memo(f"airdrop {number}"),
        )
        message = compile_message(source, instructions, blockhash)
        return b"\x01" + self._key.sign(message).signature + message
