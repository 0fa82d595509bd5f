"""Packet roots: ten-minute windows, and the proof that one packet was among them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.evidence import dcbor, merkle
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.packets import WINDOW_NS, PacketRoot, PacketWindow, packet_leaf

START = 1_700_000_000 * 10**9 // WINDOW_NS * WINDOW_NS


def test_a_window_gives_one_root_once_it_is_over() -> None:
    window = PacketWindow()
    for number in range(3):
        window.add(received_ns=START + number, frequency_hz=868_100_000, datarate="SF7BW125", phy=bytes([number]))
    window.add(received_ns=START + WINDOW_NS, frequency_hz=868_100_000, datarate="SF7BW125", phy=b"next")
    assert window.ended(START + WINDOW_NS - 1) == []
    (done,) = window.ended(START + WINDOW_NS)
    leaves = [
        packet_leaf(received_ns=START + number, frequency_hz=868_100_000, datarate="SF7BW125", phy=bytes([number]))
        for number in range(3)
    ]
    assert (done.start_ns, done.count, done.root) == (START, 3, merkle.root(leaves))
    path = merkle.Tree(lambda low, high: leaves[low:high]).inclusion(1, 3)
    assert merkle.inclusion_holds(leaf=leaves[1], index=1, size=3, path=path, root=done.root)
    assert window.ended(START + WINDOW_NS) == []
    assert [rest.start_ns for rest in window.ended(None)] == [START + WINDOW_NS]


def test_a_packet_root_survives_the_round_trip_and_nonsense_is_refused() -> None:
    original = PacketRoot(start_ns=START, count=1, root=bytes(32))
    assert PacketRoot.from_bytes(original.to_bytes()) == original
    for bad in ({"start_ns": START + 1, "count": 1}, {"start_ns": START, "count": 0}):
        with pytest.raises(EvidenceRejected, match="bad_range"):
            PacketRoot.from_bytes(dcbor.encode({**bad, "root": bytes(32)}))


@settings(max_examples=50)
@given(st.binary(max_size=100))
def test_noise_raises_our_error_only(noise: bytes) -> None:
    with pytest.raises(EvidenceRejected):
        PacketRoot.from_bytes(noise)
