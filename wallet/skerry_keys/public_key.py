"""A public key in all its forms: tagged binary, Helium address, Solana address, animal name (iot-poc 2.4)."""

from dataclasses import dataclass, field

from skerry_keys import base58_text
from skerry_keys.curves import compact_point, secp256k1_point
from skerry_keys.errors import KeyRejected
from skerry_keys.tag import KeyTag, KeyType, Network

__all__ = ["PublicKey"]

_ADDRESS_VERSION = 0
_SIZES = {KeyType.ECC_COMPACT: 33, KeyType.ED25519: 33, KeyType.SECP256K1: 34}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One checked public key; equal keys compare and hash equal.

    The constructor takes the tagged binary and raises `KeyRejected` bad_tag, bad_length or bad_key. Ed25519 bytes are
    not tested for being a point: no signature verifies under such a key.
    """

    binary: bytes
    tag: KeyTag = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.binary:
            raise KeyRejected("bad_length", "a key has at least a tag byte")
        object.__setattr__(self, "tag", KeyTag.from_byte(self.binary[0]))
        _check_body(self.tag.key_type, self.binary)

    @classmethod
    def from_binary(cls, binary: bytes) -> "PublicKey":
        """Return the key of a tagged binary. Raises `KeyRejected`."""
        return cls(bytes(binary))

    @classmethod
    def from_address(cls, address: str) -> "PublicKey":
        """Return the key of a Helium address.

        Raises `KeyRejected` bad_base58, bad_checksum, bad_version, then as the constructor.
        """
        version, binary = base58_text.decode_check(address)
        if version != _ADDRESS_VERSION:
            raise KeyRejected("bad_version", f"expected version 0, got {version}")
        return cls(binary)

    @classmethod
    def from_solana_address(cls, address: str, network: str = "mainnet") -> "PublicKey":
        """Return the Ed25519 key of a Solana address. Raises `KeyRejected` bad_base58, bad_length, bad_network."""
        raw = base58_text.decode(address)
        if len(raw) != 32:
            raise KeyRejected("bad_length", f"a Solana address has 32 bytes, got {len(raw)}")
        tag = KeyTag(network=Network.from_text(network), key_type=KeyType.ED25519)
        return cls(bytes([tag.to_byte()]) + raw)

    @property
    def body(self) -> bytes:
        """The bytes after the tag."""
        return self.binary[1:]

    @property
    def network(self) -> str:
        """`mainnet` or `testnet`."""
        return self.tag.network.text

    @property
    def key_type(self) -> str:
        """`ecc_compact`, `ed25519`, `secp256k1` or `rsa`."""
        return self.tag.key_type.text

    @property
    def address(self) -> str:
        """The Helium address (base58check)."""
        return base58_text.encode_check(_ADDRESS_VERSION, self.binary)

    @property
    def solana_address(self) -> str | None:
        """The Solana address of an Ed25519 key, None for the other key types."""
        return base58_text.encode(self.body) if self.tag.key_type is KeyType.ED25519 else None

    @property
    def animal_name(self) -> str:
        """The three-word name, such as `feisty-glass-dalmatian`."""
        from skerry_keys.animal_name import animal_name

        return animal_name(self.address)

    def __str__(self) -> str:
        return self.address


def _check_body(key_type: KeyType, binary: bytes) -> None:
    if key_type is KeyType.RSA:
        from skerry_keys.rsa_binary import parse_rsa

        parse_rsa(binary[1:])
        return
    if len(binary) != _SIZES[key_type]:
        raise KeyRejected("bad_length", f"{key_type.text} keys have {_SIZES[key_type]} bytes, got {len(binary)}")
    if key_type is KeyType.ECC_COMPACT:
        compact_point(binary[1:])
    elif key_type is KeyType.SECP256K1:
        secp256k1_point(binary[1:])
