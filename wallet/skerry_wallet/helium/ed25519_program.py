"""The signature-verification instruction that must stand directly before `set_current_rewards` (sheet 1.6)."""

from skerry_keys.verify import verify_ed25519
from skerry_wallet.helium import constants
from skerry_wallet.helium.address import to_raw
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instruction import Instruction

__all__ = ["check_ed25519", "ed25519_instruction"]

_KEY_AT = 16
_SIGNATURE_AT = 48
_MESSAGE_AT = 112
_THIS_INSTRUCTION = 0xFFFF


def ed25519_instruction(*, signer: str, signature: bytes, message: bytes) -> Instruction:
    """Return the instruction that makes the chain check one signature; it has no accounts."""
    data = _header(len(message)) + to_raw(signer) + signature + message
    return Instruction(program=constants.ED25519_PROGRAM, data=data)


def check_ed25519(data: bytes, signer: str) -> bytes:
    """Return the message of such an instruction's data after checking it as the Helium programs do.

    Raises `HeliumRejected` bad_header (any of the 16 bytes or the total length), wrong_signer, bad_signature.
    """
    size = len(data) - _MESSAGE_AT
    if not 0 <= size <= 0xFFFF or data[:_KEY_AT] != _header(size):
        raise HeliumRejected("bad_header", "not one signature with all its parts in this instruction")
    key, signature, message = data[_KEY_AT:_SIGNATURE_AT], data[_SIGNATURE_AT:_MESSAGE_AT], data[_MESSAGE_AT:]
    if key != to_raw(signer):
        raise HeliumRejected("wrong_signer", f"expected {signer}")
    if not verify_ed25519(key, message, signature):
        raise HeliumRejected("bad_signature", "the signature does not verify")
    return message


def _header(message_size: int) -> bytes:
    numbers = (_SIGNATURE_AT, _THIS_INSTRUCTION, _KEY_AT, _THIS_INSTRUCTION, _MESSAGE_AT, message_size)
    return b"\x01\x00" + b"".join(number.to_bytes(2, "little") for number in (*numbers, _THIS_INSTRUCTION))
