import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import base58_text
from skerry_keys.errors import KeyRejected


@given(st.binary(max_size=200))
def test_text_is_that_of_another_encoder_and_comes_back(raw: bytes) -> None:
    text = base58_text.encode(raw)
    assert text == base58.b58encode(raw).decode()
    assert base58_text.decode(text) == raw


@pytest.mark.parametrize("length", [0, 1, 31, 32, 64])
def test_zeros_in_front_are_ones(length: int) -> None:
    assert base58_text.encode(bytes(length)) == "1" * length
    assert base58_text.encode(bytes(length) + b"\xff" * 3) == "1" * length + base58.b58encode(b"\xff" * 3).decode()


@given(st.text(max_size=60))
def test_any_text_is_decoded_or_rejected(text: str) -> None:
    try:
        assert base58_text.encode(base58_text.decode(text)) == text
    except KeyRejected as error:
        assert error.reason == "bad_base58"  # noqa: PT017 - either outcome is right
