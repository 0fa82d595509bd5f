"""secp256k1 public keys in PEM (SubjectPublicKeyInfo), as other tools export them."""

import base64
import binascii

from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.tag import KeyTag, KeyType, Network

__all__ = ["public_key_from_pem"]

_BEGIN = "-----BEGIN PUBLIC KEY-----"
_END = "-----END PUBLIC KEY-----"
# SEQUENCE { SEQUENCE { id-ecPublicKey, secp256k1 }, BIT STRING, no unused bits }, uncompressed point marker (RFC 5480)
_PREFIX = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a03420004")
_COORDINATE_SIZE = 32


def public_key_from_pem(pem: str, network: Network = Network.MAINNET) -> PublicKey:
    """Return the key of a `PUBLIC KEY` PEM.

    Raises `KeyRejected` bad_base64, unsupported_key (not an uncompressed secp256k1 key), bad_key (not on the curve).
    """
    lines = [line.strip() for line in pem.strip().splitlines()]
    if len(lines) < 2 or lines[0] != _BEGIN or lines[-1] != _END:
        raise KeyRejected("unsupported_key", "not a PUBLIC KEY in PEM")
    try:
        der = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise KeyRejected("bad_base64", "the PEM body is not base64") from None
    if not der.startswith(_PREFIX) or len(der) != len(_PREFIX) + 2 * _COORDINATE_SIZE:
        raise KeyRejected("unsupported_key", "not an uncompressed secp256k1 key")
    x, y = der[len(_PREFIX) : -_COORDINATE_SIZE], der[-_COORDINATE_SIZE:]
    tag = KeyTag(network=network, key_type=KeyType.SECP256K1)
    key = PublicKey(bytes([tag.to_byte(), 2 + (y[-1] & 1)]) + x)
    _check_point(x, y)
    return key


def _check_point(x: bytes, y: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), b"\x04" + x + y)
    except ValueError:
        raise KeyRejected("bad_key", "the point is not on the curve") from None
