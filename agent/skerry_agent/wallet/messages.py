"""From the Helium builders' instructions to the message bytes that are reviewed and signed."""

from collections.abc import Mapping, Sequence
from typing import Any

from skerry_wallet.address import address_bytes
from skerry_wallet.helium import native
from skerry_wallet.helium.instruction import Instruction as HeliumInstruction
from skerry_wallet.helium.instructions import build_instruction
from skerry_wallet.helium.transaction import LookupTable, raw_instructions
from skerry_wallet.helium.transaction import compile_message as compile_version_0
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.transaction import compile_message

__all__ = ["helium_call", "helium_message"]


def helium_message(instructions: Sequence[HeliumInstruction], payer: str, tables: Sequence[LookupTable] = ()) -> bytes:
    """Return a message without a blockhash: legacy, or version 0 where lookup tables make it shorter."""
    if tables:
        return compile_version_0(
            payer=payer, instructions=instructions, blockhash=ZERO_BLOCKHASH, lookup_tables=tables
        ).message
    return compile_message(address_bytes(payer), raw_instructions(instructions), ZERO_BLOCKHASH)


def helium_call(name: str, inputs: Mapping[str, Any], payer: str, *, units: int) -> bytes:
    """Return a message of one instruction (as `build_instruction` makes it) with a limit of compute units."""
    return helium_message([native.set_compute_unit_limit(units), build_instruction(name, inputs)], payer)
