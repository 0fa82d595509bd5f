"""Packets that several antennas heard."""

import pytest

from skerry_firmware_bridge.gwmp.packets import read_packets
from skerry_testing.gwmp import rxpk


def test_an_antenna_that_tells_no_signal_of_its_own_has_that_of_the_packet() -> None:
    first, second = read_packets(
        rxpk(rssis=-70, foff=5, rsig=[{"ant": 0, "rssic": -90}, {"ant": 1, "rssic": -80, "rssis": -85, "foff": -9}])
    )
    assert (first.antenna, first.rssi_dbm, first.signal_rssi_dbm, first.offset_hz) == (0, -90, -70, 5)
    assert (second.antenna, second.rssi_dbm, second.signal_rssi_dbm, second.offset_hz) == (1, -80, -85, -9)
    assert (first.snr_db, first.channel) == (None, None)


@pytest.mark.parametrize("antennas", [None, []])
def test_a_packet_without_antennas_is_one_packet(antennas: list[object] | None) -> None:
    (packet,) = read_packets(rxpk(rssi=-57, rsig=antennas))
    assert (packet.antenna, packet.rssi_dbm) == (None, -57)
