"""Messages as plain JSON values and back: addresses as text, other bytes as hex, enums by name.

The conformance runner and every screen that shows a report use this form.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_wire.errors import MessageRejected

__all__ = ["fill", "to_fields"]

# The stubs name two descriptor classes for one; fields are passed around as this.
Field = Any

_KEY_FIELDS = frozenset({"pub_key", "gateway", "session_key", "address", "signer", "owner", "payer", "hotspot_key"})


def to_fields(message: Message) -> dict[str, Any]:
    """Return the set fields of a message; a field that has its default value is left out."""
    return {_shown_name(field): _shown(field, value) for field, value in message.ListFields()}


def fill(message: Message, fields: Mapping[str, Any]) -> None:
    """Set fields from their plain form; None leaves one out. Raises `MessageRejected` bad_field naming the field."""
    by_shown_name = {_shown_name(field): field for field in message.DESCRIPTOR.fields}
    for name, value in fields.items():
        field = by_shown_name.get(name)
        if field is None:
            raise MessageRejected("bad_field", f"{message.DESCRIPTOR.name} has no field {name!r}")
        if value is None:
            continue
        try:
            _set(message, field, value)
        except (TypeError, ValueError, KeyRejected) as error:
            raise MessageRejected("bad_field", f"{message.DESCRIPTOR.name}.{name}: {error}") from None


def _shown_name(field: Field) -> str:
    if field.type == FieldDescriptor.TYPE_BYTES and field.name not in _KEY_FIELDS:
        return f"{field.name}_hex"
    return str(field.name)


def _shown(field: Field, value: Any) -> Any:
    if field.is_repeated:
        return [_shown_one(field, element) for element in value]
    return _shown_one(field, value)


def _shown_one(field: Field, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return to_fields(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _address_or_hex(value) if field.name in _KEY_FIELDS else value.hex()
    return value


def _address_or_hex(binary: bytes) -> str:
    try:
        return PublicKey(binary).address
    except KeyRejected:
        return binary.hex()  # shown as it came: a report with a broken key must stay readable


def _set(message: Message, field: Field, value: Any) -> None:
    if field.is_repeated:
        target = getattr(message, field.name)
        for element in value:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                fill(target.add(), element)
            else:
                target.append(_plain(field, element))
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        nested = getattr(message, field.name)
        nested.SetInParent()
        fill(nested, value)
    else:
        setattr(message, field.name, _plain(field, value))


def _plain(field: Field, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return PublicKey.from_address(value).binary if field.name in _KEY_FIELDS else bytes.fromhex(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        number = field.enum_type.values_by_name.get(value)
        if number is None:
            raise ValueError(f"{value!r} is not one of {', '.join(field.enum_type.values_by_name)}")
        return number.number
    return value
