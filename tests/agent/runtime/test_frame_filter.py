"""Which uplinks a network wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.runtime.frame_filter import FilterRejected, FrameFilter
from skerry_coverage.lorawan.netid import NetId
from skerry_testing.runtime import UPLINK

JOIN = bytes([0]) + bytes(range(8)) + bytes(range(8, 16)) + b"\x01\x02" + b"\xaa\xbb\xcc\xdd"  # JoinEUI 0706..00
HELIUM = b"\x40" + (0x78000100).to_bytes(4, "little") + bytes(12)  # NetID 00003C


@pytest.mark.parametrize(
    ("options", "data", "join"),
    [
        ({}, True, True),
        ({"netid": "00003C"}, True, False),
        ({"netid": "00003c;000013"}, True, False),
        ({"netid": "000013"}, False, False),
        ({"netid": "000013", "devaddr": "78000100"}, True, False),
        ({"netid": "000013", "joineui": "0706050403020100"}, False, True),
    ],
)
def test_data_frames_pass_by_network_or_address_and_joins_by_theirs(
    options: dict[str, str], data: bool, join: bool
) -> None:
    found = FrameFilter.from_options(options)
    assert (found.wants(HELIUM), found.wants(JOIN)) == (data, join)
    assert found.wants(b"") is (not options)


@pytest.mark.parametrize("value", ["3C", "00003G", "0x003C", "1000000", "-0003C", ";"])
def test_what_is_no_netid_is_named(value: str) -> None:
    with pytest.raises(FilterRejected, match="NetID of six hex digits"):
        FrameFilter.from_options({"netid": value})


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_a_netid_passes_exactly_its_own_addresses(value: int, address: int) -> None:
    network = NetId(value)
    phy = b"\x40" + address.to_bytes(4, "little") + bytes(12)
    wanted = network.first_dev_addr <= address <= network.last_dev_addr
    assert FrameFilter(netid=(network,)).wants(phy) is wanted


@given(st.binary(max_size=40), st.sampled_from(["netid", "devaddr", "joineui"]))
def test_any_frame_and_any_text_is_judged_without_another_error(raw: bytes, name: str) -> None:
    try:
        found = FrameFilter.from_options({name: raw.decode("latin-1")})
    except FilterRejected:
        found = FrameFilter.from_options({"netid": "00003C"})
    assert found.wants(raw) in {True, False}
    assert found.wants(UPLINK) in {True, False}
