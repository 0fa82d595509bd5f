"""The ChaCha12 key stream that turns a seed into a beacon payload (iot-poc 1.2).

No library offers twelve rounds with a 64-bit counter. A verifier rebuilds every beacon of a network, so the four blocks
that a payload needs are computed at once: each of the four rows of the state is one large integer with a lane per
column and block, and a quarter round works on all sixteen columns together.
"""

import struct

__all__ = ["WORDS", "keystream_words"]

WORDS = 64  # four blocks of sixteen; a payload takes 51
_BLOCKS = 4
_LANES = 16  # lane 4 * column + block: moving all columns by one is a rotation of the whole integer
_LANE_BITS = 64  # twice a word, so that a sum or shift never reaches its neighbour
_ROW_BITS = _LANES * _LANE_BITS
_COLUMN_BITS = _BLOCKS * _LANE_BITS
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_DOUBLE_ROUNDS = 6


def _pack(lanes: list[int]) -> int:
    return int.from_bytes(struct.pack(f"<{_LANES}Q", *lanes), "little")


_LOW = _pack([0xFFFFFFFF] * _LANES)
_COUNTERS = _pack([*range(_BLOCKS), *[0] * (_LANES - _BLOCKS)])  # the counter's upper half and the nonce are 0
_FIRST_COLUMNS = [(1 << places * _COLUMN_BITS) - 1 for places in range(4)]


def keystream_words(seed: bytes) -> list[int]:
    """Return the first 64 words of 32 bits: key = the 32-byte seed, 64-bit block counter from 0, nonce 0."""
    if len(seed) != 32:
        raise ValueError(f"a seed has 32 bytes, got {len(seed)}")
    key = struct.unpack("<8I", seed)
    start = (
        _pack([word for word in _CONSTANTS for _ in range(_BLOCKS)]),
        _pack([word for word in key[:4] for _ in range(_BLOCKS)]),
        _pack([word for word in key[4:] for _ in range(_BLOCKS)]),
        _COUNTERS,
    )
    a, b, c, d = start
    for _ in range(_DOUBLE_ROUNDS):
        a, b, c, d = _quarter_round(a, b, c, d)
        a, b, c, d = _quarter_round(a, _columns_left(b, 1), _columns_left(c, 2), _columns_left(d, 3))
        b, c, d = _columns_left(b, 3), _columns_left(c, 2), _columns_left(d, 1)
    rows = [_lanes((row + first) & _LOW) for row, first in zip((a, b, c, d), start, strict=True)]
    return [rows[row][_BLOCKS * column + block] for block in range(_BLOCKS) for row in range(4) for column in range(4)]


def _quarter_round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    # Rotations are written out: twice as wide lanes hold the shifted word, its upper half folds back into the lower.
    low = _LOW
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


def _columns_left(row: int, places: int) -> int:
    return row >> places * _COLUMN_BITS | (row & _FIRST_COLUMNS[places]) << _ROW_BITS - places * _COLUMN_BITS


def _lanes(row: int) -> tuple[int, ...]:
    return struct.unpack(f"<{_LANES}Q", row.to_bytes(_ROW_BITS // 8, "little"))
