"""The quick reading of frames says what the strict one says, or leaves the datagram to the strict one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core import strict_json
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.packets import received_frame
from skerry_testing.gwmp import rxpk
from skerry_testing.vectors import cases
from skerry_wire.frames import ReceivedFrame

pytest.importorskip("msgspec")
from skerry_firmware_bridge.gwmp.usual import usual_frames

NAMES = st.sampled_from([*rxpk(), "time", "rssis", "mid", "x"])
ODD_NAMES = st.sampled_from(["a:b", r"t\u006dst", r"ti\tme", "t\x7fm\x01", "\u00e9", ""])
VALUES = st.sampled_from(
    ["1", "-0", "-0.0", "1E5", "868.100000", "9223372036854775808", '""', '"12:00:00"', "null", "true"]
)
ODD_VALUES = st.sampled_from(
    ["01", "1.", "1e400", "1e-400", "0.30000000000000004440892098500626", "NaN", "-Infinity", "-18446744073709551617",
     "1" * 400, "1" * 4301, "1" * 400 + ".5", r'"\u003a\u003a"', r'"\/"', r'"\ud800"', r'"\ud83d\ude00"', '"\u00e9:"',
     '"\x01"', '"\x7f"', "[]", "[[[]]]", '[":",":"]', "{}", '{"a":1}', '{"a":1,"a":2}', '[{"a":{}}]', "'x'", "", "[1,]"]
)  # fmt: skip
NUMBERS = st.floats(allow_nan=False).map(repr) | st.integers().map(str)
BLANKS = st.sampled_from(["", "", "", " ", "\n\t", "\x0b", "\u00a0"])


@st.composite
def objects(draw: st.DrawFn) -> str:
    members = draw(st.lists(st.tuples(NAMES | NAMES | ODD_NAMES, VALUES | NUMBERS | ODD_VALUES), max_size=4))
    blank = draw(BLANKS)
    return "{" + ",".join(f'"{name}"{blank}:{blank}{value}' for name, value in members) + "}"


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    packets = ",".join(draw(st.lists(objects() | objects() | ODD_VALUES, max_size=3)))
    more = draw(
        st.sampled_from(["", "", ',"stat":' + draw(objects()), ',"rxpk":[]', ',"x":' + draw(VALUES | ODD_VALUES)])
    )
    end = draw(st.sampled_from(["", "", "\0", " ", "x"]))
    body = bytearray(f'{{"rxpk":{draw(st.sampled_from(["[%s]", "%s"])) % packets}{more}}}{end}'.encode())
    if draw(st.integers(0, 7)) == 0:
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body)


GOOD = list(rxpk().items())


@st.composite
def nearly_usual(draw: st.DrawFn) -> bytes:
    """Good packets with members changed, left out, repeated or added."""
    packets = []
    for _ in range(draw(st.integers(0, 3))):
        members = [(f'"{name}"', json.dumps(value)) for name, value in GOOD]
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(members)))
            name, value = draw(NAMES | ODD_NAMES), draw(VALUES | NUMBERS | ODD_VALUES)
            members[at : at + draw(st.integers(0, 1))] = [(f'"{name}"', value)]
        packets.append("{" + ",".join(f"{name}:{value}" for name, value in members) + "}")
    return f'{{"rxpk":[{",".join(packets)}]}}'.encode(errors="replace")


def strictly(body: bytes) -> list[ReceivedFrame]:
    packets = strict_json.loads(body)["rxpk"]
    frames = [received_frame(packet, wall_ns=1, monotonic_ns=2, source="test") for packet in packets]
    return [frame for frame in frames if frame is not None]


def quickly(body: bytes) -> list[ReceivedFrame] | None:
    return usual_frames(body, wall_ns=1, monotonic_ns=2, source="test")


def assert_agreement(body: bytes) -> None:
    usual = quickly(body)
    assert usual is None or usual == strictly(body)


@settings(max_examples=200, deadline=None)
@given(body=bodies() | nearly_usual())
def test_what_is_read_quickly_is_what_the_strict_reader_reads(body: bytes) -> None:
    assert_agreement(body)


@settings(max_examples=200, deadline=None)
@given(number=NUMBERS, name=st.sampled_from(["freq", "lsnr", "tmst", "rssi", "rssis"]))
def test_numbers_are_equal_to_the_last_bit(number: str, name: str) -> None:
    packet = json.dumps(rxpk(**{name: 1})).replace(f'"{name}": 1', f'"{name}": {number}')
    assert_agreement(f'{{"rxpk":[{packet}]}}'.encode())


@settings(max_examples=100, deadline=None)
@given(data=st.text("AQgw+/-_= \n", max_size=12))
def test_base64_is_read_alike(data: str) -> None:
    assert_agreement(json.dumps({"rxpk": [rxpk(data=data)]}).encode())


@pytest.mark.parametrize("kind", ["gwmp.captured", "gwmp.decode"])
def test_captured_datagrams_read_alike(kind: str) -> None:
    for case in cases(kind)["cases"]:
        body = bytes.fromhex(case["in"]["datagram_hex"])[12:]
        assert_agreement(body)
        assert_agreement(body.rstrip(b"\0"))


def test_the_usual_datagram_is_read_quickly() -> None:
    more = {"jver": 1, "time": "2026-11-20T09:25:28.000000Z", "tmms": 5, "ftime": 6, "mid": 3, "rssis": -61, "foff": -9}
    contents: list[dict[str, Any]] = [{"rxpk": [rxpk(), rxpk(**more)]}, {"rxpk": []}]
    for content in contents:
        for body in (json.dumps(content).encode(), json.dumps(content, separators=(",", ":")).encode()):
            assert quickly(body) == strictly(body)


def with_text(text: str) -> bytes:
    return json.dumps({"rxpk": [rxpk()]}).replace('"tmst": 1000000', text).encode()


@pytest.mark.parametrize(
    "body",
    [
        with_text('"tmst":1,"tmst":2'),
        with_text('"tmst":1,"mid":null'),
        with_text(r'"tmst":1,"time":"\u003a"'),
        with_text('"tmst":1,"x":2'),
        with_text('"tmst":-1'),
        with_text('"stat":-1,"tmst":1'),
        b'{"rxpk":[],"rxpk":[]}',
        b'{"rxpk":[],"stat":{}}',
        b'{"rxpk":["abc"],"x":1,"x":2,"x":3,"x":4}',
        b'{"rxpk":[' + b"[" * 500 + b"]" * 500 + b"]}",
        b'{"stat":{}}',
        b"[]",
        b"{}",
        b"",
        b'{"rxpk":[NaN]}',
        b'{"rxpk":["\xff"]}',
    ],
)
def test_whatever_is_unusual_is_left_to_the_strict_reader(body: bytes) -> None:
    assert quickly(body) is None


def test_a_packet_that_only_the_strict_reader_rejects_is_never_read_quickly() -> None:
    body = json.dumps({"rxpk": [rxpk(freq=-1)]}).encode()
    assert quickly(body) is None
    with pytest.raises(FrameRejected):
        strictly(body)
