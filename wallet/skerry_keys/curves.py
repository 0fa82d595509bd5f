"""The two Weierstrass curves: points from their printed forms, and the compact rule (iot-poc 2.4).

`cryptography` is imported on first use, so that an agent with an Ed25519 key never loads it.
"""

from typing import TYPE_CHECKING

from skerry_keys.errors import KeyRejected

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["P256_ORDER", "SECP256K1_ORDER", "compact_point", "is_compact", "secp256k1_point"]

P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF  # FIPS 186-4 D.1.2.3
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # SEC 2, 2.4.1


def compact_point(x: bytes) -> "EllipticCurvePublicKey":
    """Return the P-256 point of an X whose Y is the smaller of Y and p - Y. Raises `KeyRejected` bad_key."""
    from cryptography.hazmat.primitives.asymmetric import ec

    even = _decompress(ec.SECP256R1(), b"\x02" + x)
    if is_compact(even):
        return even
    return _decompress(ec.SECP256R1(), b"\x03" + x)


def is_compact(point: "EllipticCurvePublicKey") -> bool:
    """Say whether a P-256 point can be stored as X alone."""
    y = point.public_numbers().y
    return y <= P256_PRIME - y


def secp256k1_point(compressed: bytes) -> "EllipticCurvePublicKey":
    """Return the point of a 33-byte SEC1 compressed secp256k1 key. Raises `KeyRejected` bad_key."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return _decompress(ec.SECP256K1(), compressed)


def _decompress(curve: object, encoded: bytes) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(curve, ec.EllipticCurve)
    if encoded[0] not in {2, 3}:
        raise KeyRejected("bad_key", "not a compressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, encoded)
    except ValueError:
        raise KeyRejected("bad_key", "no point of the curve has this X") from None
