"""No decoder raises anything but its own error, whatever comes; each family in one property."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.meter.p1 import TELEGRAM_LIMIT, P1Stream
from skerry_testing.decoders import DECODERS, TELEGRAM
from skerry_testing.hostile import hostile_bytes


@pytest.mark.parametrize("family", sorted(DECODERS))
def test_a_decoder_raises_only_its_own_error(family: str) -> None:
    decoder, seeds = DECODERS[family]

    @settings(max_examples=150, deadline=None)
    @given(raw=hostile_bytes(seeds))
    def check(raw: bytes) -> None:
        with suppress(FrameRejected):
            decoder(raw)

    check()


@settings(max_examples=100, deadline=None)
@given(raw=hostile_bytes([TELEGRAM * 3]), cuts=st.lists(st.integers(0, 1500), max_size=20))
def test_a_stream_cut_anywhere_gives_the_same_telegrams(raw: bytes, cuts: list[int]) -> None:
    whole, torn = P1Stream(), P1Stream()
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(edges)]
    assert [found for piece in pieces for found in torn.feed(piece)] == whole.feed(raw)
    assert torn.open_bytes == whole.open_bytes <= TELEGRAM_LIMIT
