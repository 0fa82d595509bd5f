from hypothesis import given
from hypothesis import strategies as st

from skerry_wire.errors import FrameMalformed
from skerry_wire.lorawan import FrameClass, beacon_data, classify, packet_type, parse_frame

DATA = bytes(range(51))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_frame_or_malformed(phy: bytes) -> None:
    reason = None
    try:
        parse_frame(phy)
    except FrameMalformed as error:
        reason = error.reason
    assert reason in {None, "invalid_version", "invalid_type", "invalid_size", "invalid_port"}
    assert packet_type(phy).type in {"join_request", "uplink", "undefined"}
    assert classify(phy) in FrameClass


def test_a_beacon_is_recognised_by_type_length_and_version() -> None:
    assert beacon_data(b"\xe0" + DATA) == DATA
    assert beacon_data(b"\xe1" + DATA) is None
    assert beacon_data(b"\xe0" + DATA[:-1]) is None
    assert beacon_data(b"\x40" + DATA) is None
    assert beacon_data(b"") is None


def test_frames_are_sorted_as_gateways_do() -> None:
    assert classify(b"\xe0" + DATA) is FrameClass.BEACON
    assert classify(b"\xe1" + DATA) is FrameClass.BEACON
    assert classify(b"\xe0" + DATA + b"\x00") is FrameClass.IGNORED
    assert classify(b"\x40" + bytes(11)) is FrameClass.UPLINK
    assert classify(b"\x60" + bytes(11)) is FrameClass.UPLINK
    assert classify(b"\x20" + bytes(16)) is FrameClass.IGNORED
    assert classify(bytes(23)) is FrameClass.UPLINK
