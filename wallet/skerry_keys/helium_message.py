"""The bytes that a signature over a `helium.*` message covers; signers and the oracle's checks share them."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

__all__ = ["signed_bytes"]

_PACKAGE = "helium"


def signed_bytes(message: "Message") -> bytes:
    """Return the encoding with every signature field empty (iot-poc 2.3); the message itself is not changed.

    Signature fields are the bytes fields named `signature` or `*_signature` of the outer message. Raises `ValueError`
    for a message of another package or one without such a field.
    """
    unsigned = type(message)()
    unsigned.CopyFrom(message)
    for name in _signature_fields(message.DESCRIPTOR):
        unsigned.ClearField(name)
    return unsigned.SerializeToString(deterministic=True)


@cache  # an oracle checks thousands of messages of two types in a second
def _signature_fields(kind: "Descriptor") -> tuple[str, ...]:
    package = kind.file.package
    if package != _PACKAGE and not package.startswith(f"{_PACKAGE}."):
        raise ValueError(f"only helium messages are signed this way, got package {package!r}")
    names = tuple(
        field.name
        for field in kind.fields
        if field.type == field.TYPE_BYTES and (field.name == "signature" or field.name.endswith("_signature"))
    )
    if not names:
        raise ValueError(f"{kind.full_name} has no signature field")
    return names
