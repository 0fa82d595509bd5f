"""A private key in memory and its stored form, the Helium key file bytes (iot-poc 2.4). It cannot sign: a Signer does.

Used by the software signer, key storage and wallet imports.
"""

from dataclasses import dataclass, field

from nacl.bindings import crypto_sign_seed_keypair

from skerry_keys import curves
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.tag import KeyTag, KeyType

__all__ = ["SecretKey"]

_SECRET_SIZE = 32
_ED25519_FILE_SIZE = 65
_ECDSA_FILE_SIZE = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """An Ed25519 seed, or a big-endian P-256 or secp256k1 scalar, with its public key.

    The constructor raises `KeyRejected` bad_tag (no private keys of this type), bad_length, bad_secret (scalar not in
    1..n-1) or not_compact (P-256 whose Y is the larger of Y and p - Y).
    """

    tag: KeyTag
    secret: bytes = field(repr=False)
    public: PublicKey = field(init=False)

    def __post_init__(self) -> None:
        if self.tag.key_type is KeyType.RSA:
            raise KeyRejected("bad_tag", "RSA private keys are not stored")
        if len(self.secret) != _SECRET_SIZE:
            raise KeyRejected("bad_length", f"a secret has {_SECRET_SIZE} bytes, got {len(self.secret)}")
        binary = bytes([self.tag.to_byte()]) + _public_body(self.tag.key_type, self.secret)
        object.__setattr__(self, "public", PublicKey(binary))

    @classmethod
    def from_key_file(cls, content: bytes) -> "SecretKey":
        """Read stored key bytes. Raises `KeyRejected` bad_tag, bad_length, bad_key (halves that do not belong together)
        and as the constructor."""
        if not content:
            raise KeyRejected("bad_length", "the key file is empty")
        tag = KeyTag.from_byte(content[0])
        if tag.key_type is KeyType.RSA:
            raise KeyRejected("bad_tag", "RSA private keys are not stored")
        size = _ED25519_FILE_SIZE if tag.key_type is KeyType.ED25519 else _ECDSA_FILE_SIZE
        if len(content) != size:
            raise KeyRejected("bad_length", f"a {tag.key_type.text} key file has {size} bytes, got {len(content)}")
        key = cls(tag=tag, secret=content[1 : 1 + _SECRET_SIZE])
        if tag.key_type is KeyType.ED25519 and content[33:] != key.public.body:
            raise KeyRejected("bad_key", "the public half does not belong to the seed")
        return key

    def to_key_file(self) -> bytes:
        """Return the stored form: tag and secret, for Ed25519 also the public key."""
        public = self.public.body if self.tag.key_type is KeyType.ED25519 else b""
        return bytes([self.tag.to_byte()]) + self.secret + public

    def shared_secret(self, peer: PublicKey) -> bytes:
        """Return the X coordinate (32 bytes) of the P-256 Diffie-Hellman point with an ecc_compact peer.

        Raises `KeyRejected` bad_tag when either key is of another type.
        """
        from cryptography.hazmat.primitives.asymmetric import ec

        if self.tag.key_type is not KeyType.ECC_COMPACT or peer.tag.key_type is not KeyType.ECC_COMPACT:
            raise KeyRejected("bad_tag", "Diffie-Hellman needs two ecc_compact keys")
        own = ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())
        return own.exchange(ec.ECDH(), curves.compact_point(peer.body))


def _public_body(key_type: KeyType, secret: bytes) -> bytes:
    if key_type is KeyType.ED25519:
        public, _ = crypto_sign_seed_keypair(secret)
        return bytes(public)
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    compact = key_type is KeyType.ECC_COMPACT
    scalar = int.from_bytes(secret, "big")
    if not 0 < scalar < (curves.P256_ORDER if compact else curves.SECP256K1_ORDER):
        raise KeyRejected("bad_secret", "the scalar is not in 1..n-1")
    point = ec.derive_private_key(scalar, ec.SECP256R1() if compact else ec.SECP256K1()).public_key()
    if compact and not curves.is_compact(point):
        raise KeyRejected("not_compact", "Y is the larger of Y and p - Y, so X alone does not name this key")
    encoded = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return encoded[1:] if compact else encoded
