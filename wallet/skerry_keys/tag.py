"""The first byte of every key: which network, which kind of key (iot-poc 2.4). Used by all other modules here."""

from dataclasses import dataclass
from enum import Enum

from skerry_keys.errors import KeyRejected

__all__ = ["KeyTag", "KeyType", "Network"]


class Network(Enum):
    """The two address networks; the value is the tag's high nibble."""

    MAINNET = 0x00
    TESTNET = 0x10

    @property
    def text(self) -> str:
        """The name used in addresses' JSON and key URIs."""
        return self.name.lower()

    @classmethod
    def from_text(cls, text: str) -> "Network":
        """Return the network of this exact name. Raises `KeyRejected` bad_network."""
        for network in cls:
            if network.text == text:
                return network
        raise KeyRejected("bad_network", f"expected mainnet or testnet, got {text!r}")


class KeyType(Enum):
    """The kinds of keys; the value is the tag's low nibble. 2 is reserved (once multisig)."""

    ECC_COMPACT = 0
    ED25519 = 1
    SECP256K1 = 3
    RSA = 4

    @property
    def text(self) -> str:
        """The name used in JSON."""
        return self.name.lower()

    @classmethod
    def from_text(cls, text: str) -> "KeyType":
        """Return the key type of this exact name. Raises `KeyRejected` bad_key_type."""
        for key_type in cls:
            if key_type.text == text:
                return key_type
        raise KeyRejected("bad_key_type", f"unknown key type {text!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTag:
    """Network and key type together."""

    network: Network
    key_type: KeyType

    def to_byte(self) -> int:
        """Return the tag byte."""
        return self.network.value | self.key_type.value

    @classmethod
    def from_byte(cls, value: int) -> "KeyTag":
        """Split a tag byte. Raises `KeyRejected` bad_tag."""
        try:
            return cls(network=Network(value & 0xF0), key_type=KeyType(value & 0x0F))
        except ValueError:
            raise KeyRejected("bad_tag", f"0x{value:02x} names no network and key type") from None
