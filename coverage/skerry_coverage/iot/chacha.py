"""The ChaCha12 key stream that turns a seed into a beacon payload (iot-poc 1.2).

Four blocks per beacon, so plain integers are fast enough; no library offers twelve rounds with a 64-bit counter.
"""

import struct
from collections.abc import Iterator

__all__ = ["keystream_words"]

_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_DOUBLE_ROUNDS = 6
_MASK = 0xFFFFFFFF
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def keystream_words(seed: bytes) -> Iterator[int]:
    """Yield 32-bit words: key = the 32-byte seed, 64-bit block counter from 0, nonce 0."""
    if len(seed) != 32:
        raise ValueError(f"a seed has 32 bytes, got {len(seed)}")
    key = struct.unpack("<8I", seed)
    counter = 0
    while True:
        yield from _block([*_CONSTANTS, *key, counter & _MASK, counter >> 32 & _MASK, 0, 0])
        counter += 1


def _block(start: list[int]) -> list[int]:
    state = start.copy()
    for _ in range(_DOUBLE_ROUNDS):
        for a, b, c, d in _COLUMNS + _DIAGONALS:
            _quarter_round(state, a, b, c, d)
    return [(word + first) & _MASK for word, first in zip(state, start, strict=True)]


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for target, other, mixed, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[target] = (state[target] + state[other]) & _MASK
        word = state[mixed] ^ state[target]
        state[mixed] = (word << shift | word >> 32 - shift) & _MASK
