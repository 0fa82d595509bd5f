"""A Signer whose private key is in this process's memory: gateway keys from files, session keys, simulated hotspots."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nacl.bindings import crypto_sign

from skerry_keys import curves
from skerry_keys.der import decode_ecdsa, encode_ecdsa
from skerry_keys.errors import KeyRejected
from skerry_keys.helium_message import signed_bytes
from skerry_keys.secret_key import SecretKey
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.tag import KeyTag, KeyType, Network
from skerry_keys.transaction_message import transaction_signers

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["SoftwareSigner"]

_MAX_COMPACT_TRIES = 256  # half of all keys are compact, so this many misses mean a broken random source
_ED25519_SIGNATURE_SIZE = 64


class SoftwareSigner(Signer):
    """Signs with a `SecretKey`; Ed25519 by PyNaCl, ECDSA (DER, SHA-256, RFC 6979 nonces) by `cryptography`."""

    __slots__ = ("_key",)

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    @classmethod
    def from_seed(cls, seed: bytes, network: str = "mainnet") -> "SoftwareSigner":
        """Return the signer of a 32-byte Ed25519 seed. Raises `KeyRejected` bad_length, bad_network."""
        tag = KeyTag(network=Network.from_text(network), key_type=KeyType.ED25519)
        return cls(SecretKey(tag=tag, secret=bytes(seed)))

    @classmethod
    def from_key_file(cls, content: bytes) -> "SoftwareSigner":
        """Return the signer of stored Helium key bytes. Raises `KeyRejected`."""
        return cls(SecretKey.from_key_file(content))

    @classmethod
    def generate(
        cls,
        random_bytes: Callable[[int], bytes],
        *,
        network: str = "mainnet",
        key_type: KeyType = KeyType.ED25519,
    ) -> "SoftwareSigner":
        """Return a new key from a random source such as `os.urandom`; P-256 is repeated until the key is compact."""
        tag = KeyTag(network=Network.from_text(network), key_type=key_type)
        for _ in range(_MAX_COMPACT_TRIES):
            try:
                return cls(SecretKey(tag=tag, secret=random_bytes(32)))
            except KeyRejected as error:
                if error.reason not in {"not_compact", "bad_secret"}:
                    raise
        raise KeyRejected("not_compact", f"no compact key in {_MAX_COMPACT_TRIES} tries: the random source is broken")

    def to_key_file(self) -> bytes:
        """Return the stored Helium key bytes (secret; for key storage only)."""
        return self._key.to_key_file()

    @property
    def public_key(self) -> bytes:
        return self._key.public.binary

    def sign_helium(self, message: "Message") -> bytes:
        return self._sign(signed_bytes(message))

    def sign_evidence(self, domain: str, network: str, digest: bytes) -> bytes:
        return self._sign(evidence_message(domain, network, digest))

    def sign_transaction(self, message: bytes) -> bytes:
        if self._key.tag.key_type is not KeyType.ED25519:
            raise ValueError("Solana transactions are signed by Ed25519 keys only")
        if self._key.public.body not in transaction_signers(message).signers:
            raise ValueError(f"{self._key.public.solana_address} is not a signer of this transaction")
        return self._sign(message)

    def __repr__(self) -> str:
        return f"SoftwareSigner({self._key.public.address})"

    def _sign(self, message: bytes) -> bytes:
        if self._key.tag.key_type is KeyType.ED25519:
            signed = crypto_sign(message, self._key.secret + self._key.public.body)
            return bytes(signed[:_ED25519_SIGNATURE_SIZE])
        return self._sign_ecdsa(message)

    def _sign_ecdsa(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        secp256k1 = self._key.tag.key_type is KeyType.SECP256K1
        private = ec.derive_private_key(
            int.from_bytes(self._key.secret, "big"), ec.SECP256K1() if secp256k1 else ec.SECP256R1()
        )
        signature = private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        if not secp256k1:
            return signature
        r, s = decode_ecdsa(signature)
        return encode_ecdsa(r, min(s, curves.SECP256K1_ORDER - s))  # verifiers refuse high S on this curve
