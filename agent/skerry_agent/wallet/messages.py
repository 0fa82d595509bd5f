"""From the Helium builders' instructions to the message bytes that are reviewed and signed."""

from collections.abc import Iterable

from skerry_wallet.address import address_bytes
from skerry_wallet.helium.instruction import Instruction as HeliumInstruction
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.transaction import AccountMeta, Instruction, compile_message

__all__ = ["helium_message"]


def helium_message(instructions: Iterable[HeliumInstruction], payer: str) -> bytes:
    """Return a legacy message, without a blockhash, of instructions from the Helium builders."""
    calls = [
        Instruction(
            program=address_bytes(one.program),
            accounts=tuple(
                AccountMeta(address_bytes(meta.address), signer=meta.signer, writable=meta.writable)
                for meta in one.accounts
            ),
            data=one.data,
        )
        for one in instructions
    ]
    return compile_message(address_bytes(payer), calls, ZERO_BLOCKHASH)
