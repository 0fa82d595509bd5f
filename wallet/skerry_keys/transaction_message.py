"""Reads as much of a Solana transaction message as a signer must know: who signs it (wallet-economics section 3)."""

from dataclasses import dataclass

__all__ = ["TransactionSigners", "read_compact_u16", "transaction_signers"]

_VERSION_FLAG = 0x80
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionSigners:
    """The keys that a transaction message names; the first `required_signatures` of them must sign."""

    version: int | None
    required_signatures: int
    account_keys: tuple[bytes, ...]

    @property
    def signers(self) -> tuple[bytes, ...]:
        """The keys that must sign, fee payer first."""
        return self.account_keys[: self.required_signatures]


def transaction_signers(message: bytes) -> TransactionSigners:
    """Read header and static account keys of a legacy or version 0 message. Raises `ValueError`."""
    if not message:
        raise ValueError("an empty message")
    version: int | None = None
    position = 0
    if message[0] & _VERSION_FLAG:
        version, position = message[0] & ~_VERSION_FLAG, 1
        if version != 0:
            raise ValueError(f"unsupported message version {version}")
    required, readonly_signed, readonly_unsigned = _header(message, position)
    count, position = read_compact_u16(message, position + 3)
    end = position + count * _KEY_SIZE
    if end + _KEY_SIZE > len(message):
        raise ValueError("cut off inside the account keys or the blockhash")
    if not 0 < required <= count or readonly_signed >= required or required + readonly_unsigned > count:
        raise ValueError("the header does not fit the account keys")
    keys = tuple(message[start : start + _KEY_SIZE] for start in range(position, end, _KEY_SIZE))
    if len(set(keys)) != len(keys):
        raise ValueError("an account key occurs twice")
    return TransactionSigners(version=version, required_signatures=required, account_keys=keys)


def read_compact_u16(data: bytes, position: int) -> tuple[int, int]:
    """Read Solana's short length (1-3 bytes of 7 bits, low first); return value and next position.

    Raises `ValueError` when cut off, above 65535 or not in its shortest form.
    """
    value = 0
    for index in range(3):
        if position + index >= len(data):
            raise ValueError("cut off inside a length")
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            if value > 0xFFFF or (index and not byte):
                raise ValueError("a length out of range or with needless bytes")
            return value, position + index + 1
    raise ValueError("a length of more than three bytes")


def _header(message: bytes, position: int) -> tuple[int, int, int]:
    if position + 3 > len(message):
        raise ValueError("cut off inside the header")
    return message[position], message[position + 1], message[position + 2]
