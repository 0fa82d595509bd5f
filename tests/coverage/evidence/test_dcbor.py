"""The deterministic encoding: one byte string per value, one value per byte string, nothing else decodes."""

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=200)
@given(VALUES)
def test_a_value_survives_the_round_trip(value: Any) -> None:
    try:
        encoded = dcbor.encode(value)
    except TypeError:  # nested too deep
        return
    assert dcbor.decode(encoded) == value


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_what_decodes_encodes_to_the_same_bytes_and_nothing_else_is_raised(noise: bytes) -> None:
    try:
        value = dcbor.decode(noise)
    except EvidenceRejected:
        return
    assert dcbor.encode(value) == noise


@settings(max_examples=200)
@given(VALUES, st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_never_decodes_to_the_same_value(value: Any, at: int, flip: int) -> None:
    try:
        encoded = bytearray(dcbor.encode(value))
    except TypeError:
        return
    encoded[at % len(encoded)] ^= flip
    try:
        changed = dcbor.decode(bytes(encoded))
    except EvidenceRejected:
        return
    assert dcbor.encode(changed) == bytes(encoded)
    assert (changed, type(changed)) != (value, type(value)) or repr(changed) != repr(value)


@pytest.mark.parametrize(
    ("encoded_hex", "reason"),
    [
        ("", "truncated"),
        ("1800", "not_deterministic"),  # 0 in two bytes
        ("1900ff", "not_deterministic"),
        ("1b00000000ffffffff", "not_deterministic"),
        ("5f4100ff", "not_deterministic"),  # indefinite length
        ("c11a00000000", "not_deterministic"),  # tag
        ("f97e00", "not_deterministic"),  # float
        ("f7", "not_deterministic"),  # undefined
        ("a2616200616100", "not_deterministic"),  # keys out of order
        ("a2616100616100", "not_deterministic"),  # the same key twice
        ("a10000", "not_deterministic"),  # a key that is no text
        ("62c328", "not_utf8"),
        ("0000", "trailing_bytes"),
        ("9bffffffffffffffff", "truncated"),
        ("bbffffffffffffffff", "truncated"),
        ("5bffffffffffffffff", "truncated"),
        ("81" * 40 + "00", "too_deep"),
    ],
)
def test_hostile_encodings_are_refused_with_a_reason(encoded_hex: str, reason: str) -> None:
    with pytest.raises(EvidenceRejected) as caught:
        dcbor.decode(bytes.fromhex(encoded_hex))
    assert caught.value.reason == reason


@pytest.mark.parametrize("value", [1.0, {1: 2}, 1 << 64, {"a": {1}}, object()])
def test_values_outside_the_set_cannot_be_hashed(value: Any) -> None:
    with pytest.raises(TypeError):
        dcbor.encode(value)


def test_another_encoder_in_canonical_mode_agrees() -> None:
    value = {"b": [1, -1, 2**63, b"x"], "aa": None, "": {"z": True}}
    assert dcbor.encode(value) == cbor2.dumps(value, canonical=True)
