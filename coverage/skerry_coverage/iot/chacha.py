"""The ChaCha12 key stream that turns a seed into a beacon payload (iot-poc 1.2).

No library offers twelve rounds with a 64-bit counter. A verifier rebuilds every beacon of a network, so the blocks of
many seeds are computed at once: each of the four rows of the state is one large integer with a lane per column and
block, and a quarter round works on all columns of all blocks together.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["WORDS", "keystream_low_bytes", "keystream_words"]

WORDS = 64  # four blocks of sixteen words; a payload takes 51
_BLOCKS_PER_SEED = 4
_LANE_BITS = 64  # twice a word, so that a sum or shift never reaches its neighbour
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_DOUBLE_ROUNDS = 6


def keystream_words(seed: bytes) -> list[int]:
    """Return the first 64 words of 32 bits: key = the 32-byte seed, block counter from 0, nonce 0."""
    rows = [struct.unpack(f"<{4 * _BLOCKS_PER_SEED}Q", row) for row in _rows([seed])]
    return [
        rows[row][column * _BLOCKS_PER_SEED + block]
        for block in range(_BLOCKS_PER_SEED)
        for row in range(4)
        for column in range(4)
    ]


def keystream_low_bytes(seeds: Sequence[bytes]) -> list[bytes]:
    """Return the low byte of each of the first 64 words, for each seed."""
    if not seeds:
        return []
    rows = [row[:: _LANE_BITS // 8] for row in _rows(seeds)]
    blocks = _BLOCKS_PER_SEED * len(seeds)
    return [
        b"".join(row[block::blocks] for block in range(first, first + _BLOCKS_PER_SEED) for row in rows)
        for first in range(0, blocks, _BLOCKS_PER_SEED)
    ]


def _rows(seeds: Sequence[bytes]) -> list[bytes]:
    """Return the four rows of the final state, lane by lane."""
    if any(len(seed) != 32 for seed in seeds):
        raise ValueError("a seed has 32 bytes")
    blocks = _BLOCKS_PER_SEED * len(seeds)
    column = blocks * _LANE_BITS
    low, first_columns = _masks(blocks)
    start = _start(seeds)

    def left(row: int, places: int) -> int:
        """Move columns left, the first ones to the end: a rotation of the whole integer."""
        return row >> places * column | (row & first_columns[places]) << (4 - places) * column

    a, b, c, d = start
    for _ in range(_DOUBLE_ROUNDS):
        a, b, c, d = _quarter_round(a, b, c, d, low)
        a, b, c, d = _quarter_round(a, left(b, 1), left(c, 2), left(d, 3), low)
        b, c, d = left(b, 3), left(c, 2), left(d, 1)
    size = 4 * blocks * _LANE_BITS // 8
    return [((row + first) & low).to_bytes(size, "little") for row, first in zip((a, b, c, d), start, strict=True)]


def _start(seeds: Sequence[bytes]) -> tuple[int, int, int, int]:
    """Return the rows before the first round; lane = column * blocks + block."""
    keys = [struct.unpack("<8I", seed) for seed in seeds for _ in range(_BLOCKS_PER_SEED)]
    counters = list(range(_BLOCKS_PER_SEED)) * len(seeds)
    return (
        _pack([word for word in _CONSTANTS for _ in keys]),
        _pack([key[column] for column in range(4) for key in keys]),
        _pack([key[column] for column in range(4, 8) for key in keys]),
        _pack(counters + [0] * 3 * len(keys)),  # the counter's upper half and the nonce are 0
    )


def _quarter_round(a: int, b: int, c: int, d: int, low: int) -> tuple[int, int, int, int]:
    # Rotations are written out: the wide lane holds the shifted word, its upper half folds back into the lower.
    a = (a + b) & low
    d = (d ^ a) << 16
    d = (d | d >> 32) & low
    c = (c + d) & low
    b = (b ^ c) << 12
    b = (b | b >> 32) & low
    a = (a + b) & low
    d = (d ^ a) << 8
    d = (d | d >> 32) & low
    c = (c + d) & low
    b = (b ^ c) << 7
    b = (b | b >> 32) & low
    return a, b, c, d


@lru_cache(maxsize=8)
def _masks(blocks: int) -> tuple[int, list[int]]:
    """Return the lower half of every lane, and the lanes of the first 0, 1, 2, 3 columns."""
    column = blocks * _LANE_BITS
    return _pack([0xFFFFFFFF] * 4 * blocks), [(1 << places * column) - 1 for places in range(4)]


def _pack(lanes: Sequence[int]) -> int:
    return int.from_bytes(struct.pack(f"<{len(lanes)}Q", *lanes), "little")
