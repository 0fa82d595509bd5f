"""The quick reading of JSON says what the strict one says, or leaves it to the strict one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core import strict_json
from skerry_firmware_bridge.gwmp.usual_json import read_usual
from skerry_testing.gwmp import rxpk
from skerry_testing.vectors import cases

NAMES = st.sampled_from(["tmst", "data", "time", "freq", "stat", "rxpk", "x"])
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


def judge(read: Callable[[bytes], object], body: bytes) -> str:
    try:
        return repr(read(body))  # tells 1 from 1.0 and from True, 0.0 from -0.0, and the order of members
    except strict_json.JsonRejected as error:
        return f"rejected: {error.reason}"


def assert_agreement(body: bytes) -> None:
    usual = read_usual(body)
    assert usual is None or repr(usual) == judge(strict_json.loads, body)


@settings(max_examples=200, deadline=None)
@given(body=bodies())
def test_what_is_read_quickly_is_what_the_strict_reader_reads(body: bytes) -> None:
    assert_agreement(body)


@settings(max_examples=200, deadline=None)
@given(numbers=st.lists(NUMBERS, min_size=1, max_size=20))
def test_numbers_are_equal_to_the_last_bit(numbers: list[str]) -> None:
    members = ",".join(f'"{index}":{number}' for index, number in enumerate(numbers))
    assert_agreement(f'{{"rxpk":[{{{members}}}]}}'.encode())


@pytest.mark.parametrize("kind", ["gwmp.captured", "gwmp.decode"])
def test_captured_datagrams_read_alike(kind: str) -> None:
    for case in cases(kind)["cases"]:
        body = bytes.fromhex(case["in"]["datagram_hex"])[12:]
        assert_agreement(body)
        assert_agreement(body.rstrip(b"\0"))


def test_the_usual_datagram_is_read_quickly() -> None:
    pytest.importorskip("msgspec")
    contents: list[dict[str, Any]] = [{"rxpk": [rxpk(), rxpk(time="2026-11-20T09:25:28.000000Z")]}, {"rxpk": []}]
    for content in contents:
        assert read_usual(json.dumps(content).encode()) == content
        assert read_usual(json.dumps(content, separators=(",", ":")).encode()) == content


@pytest.mark.parametrize(
    "body",
    [
        b'{"rxpk":[{"tmst":1,"tmst":2}]}',
        b'{"rxpk":[],"rxpk":[]}',
        rb'{"rxpk":[{"tmst":1,"tmst":2,"time":"\u003a"}]}',
        b'{"rxpk":[{"x":[{"a":1,"a":2}]}]}',
        b'{"rxpk":["abc"],"x":1,"x":2,"x":3,"x":4}',
        b'{"rxpk":[],"x":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"stat":{}}',
        b"[]",
        b"{}",
        b"",
        b'{"rxpk":[NaN]}',
        b'{"rxpk":[1e400]}',
        b'{"rxpk":["\xff"]}',
    ],
)
def test_whatever_is_unusual_is_left_to_the_strict_reader(body: bytes) -> None:
    assert read_usual(body) is None
