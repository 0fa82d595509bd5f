"""Signature checks, one verifier per key type: PyNaCl for Ed25519, `cryptography` for the rest (DESIGN, packages).

Two verifiers for one key type could disagree on a malformed signature, and so let two machines give two verdicts.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from skerry_keys import curves
from skerry_keys.der import MalformedDer, decode_ecdsa
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.rsa_binary import RsaNumbers, parse_rsa
from skerry_keys.tag import KeyTag, KeyType

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["verify", "verify_ed25519"]

_ED25519_TAGS = frozenset({0x01, 0x11})
_ED25519_KEY_SIZE = 33
_ED25519_SIGNATURE_SIZE = 64
_CACHED_KEYS = 4096  # gateways sign many reports each; decompressing a point costs as much as half a check


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` is `public_key`'s over `message`; `public_key` is the tagged binary.

    Malformed keys and signatures are False, never an error. ECDSA over SHA-256 must be strict DER; secp256k1 refuses
    high S, P-256 does not (iot-poc 2.4).
    """
    if len(public_key) == _ED25519_KEY_SIZE and public_key[0] in _ED25519_TAGS:
        return verify_ed25519(public_key[1:], message, signature)
    try:
        key_type, usable_key = _usable_key(bytes(public_key))
    except KeyRejected:
        return False
    if key_type is KeyType.SECP256K1 and not _is_low_s(signature):
        return False
    if isinstance(usable_key, RsaNumbers):
        return _verify_rsa(usable_key, message, signature)
    return _verify_ecdsa(usable_key, message, signature)


def verify_ed25519(raw_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether an Ed25519 signature is valid for a 32-byte key (Solana signatures come without a tag)."""
    if len(signature) != _ED25519_SIGNATURE_SIZE:
        return False
    try:
        crypto_sign_open(signature + message, raw_key)
    except BadSignatureError:
        return False
    return True


@lru_cache(maxsize=_CACHED_KEYS)
def _usable_key(public_key: bytes) -> "tuple[KeyType, EllipticCurvePublicKey | RsaNumbers]":
    tag, body = KeyTag.from_byte(public_key[0] if public_key else 0xFF), public_key[1:]
    if tag.key_type is KeyType.RSA:
        return tag.key_type, parse_rsa(body)
    PublicKey.from_binary(public_key)
    point = curves.compact_point if tag.key_type is KeyType.ECC_COMPACT else curves.secp256k1_point
    return tag.key_type, point(body)


def _verify_ecdsa(point: "EllipticCurvePublicKey", message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        decode_ecdsa(signature)
        point.verify(signature, message, ECDSA(SHA256()))
    except (MalformedDer, InvalidSignature):
        return False
    return True


def _is_low_s(signature: bytes) -> bool:
    try:
        _, s = decode_ecdsa(signature)
    except MalformedDer:
        return False
    return s <= curves.SECP256K1_ORDER // 2


def _verify_rsa(numbers: RsaNumbers, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        RSAPublicNumbers(numbers.exponent, numbers.modulus).public_key().verify(
            signature, message, PKCS1v15(), SHA256()
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):  # ValueError: the numbers are no usable RSA key
        return False
    return True
