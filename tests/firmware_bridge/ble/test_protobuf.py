"""The few proto3 features, against protobuf's own library as oracle."""

import math
import struct
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.ble.messages import MESSAGES, VALUE_LIMIT, capped_services
from skerry_firmware_bridge.ble.protobuf import FLOAT_DECIMALS, decode, encode
from skerry_firmware_bridge.errors import FrameRejected

FIELD = descriptor_pb2.FieldDescriptorProto
TYPES = {"text": FIELD.TYPE_STRING, "texts": FIELD.TYPE_STRING, "uint64": FIELD.TYPE_UINT64, "float": FIELD.TYPE_FLOAT}


def _add_map(message: descriptor_pb2.DescriptorProto, name: str, number: int) -> None:
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    for place, key in enumerate(("key", "value"), start=1):
        entry.field.add(name=key, number=place, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
    message.field.add(
        name=name, number=number, type=FIELD.TYPE_MESSAGE, label=FIELD.LABEL_REPEATED,
        type_name=f".ble.{message.name}.{entry.name}",
    )  # fmt: skip


def _oracle() -> dict[str, type[Message]]:
    """Build protobuf's own classes of the same messages."""
    file = descriptor_pb2.FileDescriptorProto(name="ble.proto", package="ble", syntax="proto3")
    for name, layout in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(layout, start=1):
            if kind == "text_map":
                _add_map(message, field, number)
            else:
                label = FIELD.LABEL_REPEATED if kind == "texts" else FIELD.LABEL_OPTIONAL
                message.field.add(name=field, number=number, type=TYPES[kind], label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"ble.{name}")) for name in MESSAGES}


ORACLE = _oracle()
NAMES = st.sampled_from(sorted(MESSAGES))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = {
    "text": WORDS,
    "texts": st.lists(WORDS, max_size=5),
    "text_map": st.dictionaries(WORDS, WORDS, max_size=5),
    "uint64": st.integers(0, 2**64 - 1),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
}
MESSAGE = NAMES.flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries({key: VALUES[kind] for key, kind in MESSAGES[name]}))
)
TAG = st.tuples(st.integers(0, 9), st.integers(0, 7)).map(lambda tag: bytes([tag[0] << 3 | tag[1]]))
PIECES = st.lists(st.one_of(TAG, st.binary(max_size=6), st.integers(0, 8).map(lambda n: bytes([n]) + b"a" * n)))


def oracle_fields(message: Message, name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, kind in MESSAGES[name]:
        value = getattr(message, key)
        match kind:
            case "texts":
                fields[key] = list(value)
            case "text_map":
                fields[key] = dict(value)
            case "float":
                fields[key] = round(value, FLOAT_DECIMALS)
            case _:
                fields[key] = value
    return fields


@given(MESSAGE)
@settings(max_examples=200)
def test_what_is_encoded_equals_the_librarys_bytes_and_comes_back(message: tuple[str, dict[str, Any]]) -> None:
    name, fields = message
    raw = encode(MESSAGES[name], fields)
    if "diagnostics" not in fields:  # a map has no order
        assert raw == ORACLE[name](**fields).SerializeToString(deterministic=True)
    assert oracle_fields(ORACLE[name].FromString(raw), name) == decode(MESSAGES[name], raw)


@given(NAMES, PIECES.map(b"".join))
@settings(max_examples=200)
@example("diagnostics", bytes.fromhex("0a060a016b1201760a060a016b120177"))
@example("wifi_connect", bytes.fromhex("0bff01010c"))
def test_any_bytes_are_read_as_the_library_reads_them_or_refused(name: str, raw: bytes) -> None:
    try:
        fields = decode(MESSAGES[name], raw)
    except FrameRejected:
        return
    try:
        theirs = oracle_fields(ORACLE[name].FromString(raw), name)
    except DecodeError:
        raise AssertionError("the library refuses what is read here") from None
    assert all(
        mine == theirs[key] or (isinstance(mine, float) and math.isnan(mine) and math.isnan(theirs[key]))
        for key, mine in fields.items()
    )


def test_a_known_field_of_another_wire_type_is_badargs_where_the_library_skips_it() -> None:
    assert ORACLE["wifi_remove"].FromString(b"\x08\x01") is not None
    with pytest.raises(FrameRejected, match="wire type 0"):
        decode(MESSAGES["wifi_remove"], b"\x08\x01")


@pytest.mark.parametrize(
    "raw",
    [
        "0a",  # ends after the tag
        "0a05616263",  # the length is longer than the value
        "0affffffffffffffffff01",  # a length of 2^64 - 1
        "0affffffffffffffffffff01",  # a number of eleven bytes
        "8a80808080000161",  # a tag of six bytes
        "0a81808080800061",  # a length of six bytes
        "02",  # field number 0
        "0e00",  # wire type 6
        "0c",  # the end of a group that never began
        "5b600a",  # a group that never ends
        "0a02c328",  # no UTF-8
        "0a03eda080",  # half of a surrogate pair
    ],
)
def test_hostile_values_are_badargs(raw: str) -> None:
    with pytest.raises(FrameRejected, match="badargs"):
        decode(MESSAGES["wifi_connect"], bytes.fromhex(raw))


def test_groups_nested_too_deep_are_badargs_and_no_stack_is_exhausted() -> None:
    with pytest.raises(FrameRejected, match="badargs"):
        decode(MESSAGES["wifi_connect"], b"\x7b" * 100_000)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("wifi_connect", {"service": "\ud800"}),
        ("add_gateway", {"amount": -1}),
        ("add_gateway", {"amount": 1 << 64}),
        ("assert_location", {"lat": 1e39}),
    ],
)
def test_values_that_the_format_cannot_hold_are_badargs(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(FrameRejected, match="badargs"):
        encode(MESSAGES[name], fields)


def test_a_field_that_is_null_has_its_default() -> None:
    assert encode(MESSAGES["add_gateway"], {"owner": None, "amount": None}) == b""


def test_a_negative_zero_is_sent_as_the_library_sends_it() -> None:
    assert encode(MESSAGES["assert_location"], {"lat": -0.0}) == b"\x0d" + struct.pack("<f", -0.0)


@given(st.lists(WORDS, max_size=80))
@settings(max_examples=100)
def test_a_list_is_cut_from_its_end_until_it_fits(names: list[str]) -> None:
    value, kept = capped_services(names)
    assert decode(MESSAGES["wifi_services"], value)["services"] == names[:kept]
    assert len(value) <= VALUE_LIMIT
    longer = encode(MESSAGES["wifi_services"], {"services": names[: kept + 1]})
    assert kept == len(names) or len(longer) > VALUE_LIMIT
