import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.chacha import WORDS, keystream_low_bytes, keystream_words


def plain_words(seed: bytes, count: int) -> list[int]:
    """The textbook form, one word at a time."""
    words: list[int] = []
    block = 0
    while len(words) < count:
        start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", seed), block, 0, 0, 0]
        state = start.copy()

        def quarter(a: int, b: int, c: int, d: int, state: list[int] = state) -> None:
            for target, other, mixed, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[target] = (state[target] + state[other]) % 2**32
                word = state[mixed] ^ state[target]
                state[mixed] = (word << bits | word >> 32 - bits) % 2**32

        for _ in range(6):
            for column in range(4):
                quarter(column, 4 + column, 8 + column, 12 + column)
            for column in range(4):
                quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
        words += [(a + b) % 2**32 for a, b in zip(state, start, strict=True)]
        block += 1
    return words[:count]


@given(st.binary(min_size=32, max_size=32))
def test_the_packed_form_gives_the_textbooks_words(seed: bytes) -> None:
    assert keystream_words(seed) == plain_words(seed, WORDS)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=5))
def test_many_seeds_at_once_give_what_each_gives_alone(seeds: list[bytes]) -> None:
    assert keystream_low_bytes(seeds) == [bytes(word & 0xFF for word in plain_words(seed, WORDS)) for seed in seeds]


def test_a_seed_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keystream_words(b"short")
