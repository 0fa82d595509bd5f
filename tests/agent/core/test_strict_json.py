"""Every trap that lenient JSON parsers fall into is closed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_core.strict_json import JsonRejected, canonical, loads


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "not_utf8"),
        (b"{", "not_json"),
        (b"", "not_json"),
        (b"NaN", "bad_number"),
        (b"[1e400]", "bad_number"),
        (b'{"a":1,"a":2}', "duplicate_name"),
        (b"[" * 100_000, "too_deep"),
        (b"9" * 5000, "not_json"),
        (b'"' + b"a" * 40 + b'"', "too_large"),
    ],
)
def test_a_trap_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(JsonRejected) as caught:
        loads(raw, limit_bytes=40 if reason == "too_large" else 1 << 20)
    assert caught.value.reason == reason


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    try:
        loads(raw)
    except JsonRejected as error:
        assert error.reason  # noqa: PT017 - either outcome is fine, another exception is not


def test_canonical_form_sorts_names_and_keeps_big_integers() -> None:
    assert canonical({"b": 2**64, "a": [None, True, "é"]}) == '{"a":[null,true,"é"],"b":18446744073709551616}'.encode()


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, {1: 2}])
def test_canonical_form_refuses_what_cannot_be_hashed_reproducibly(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
