"""Every point type says a number, and None where its device does not implement the point."""

import struct

import pytest

from skerry_firmware_bridge.sunspec.points import PointValue, point_value

SEVEN = {16: "0007", 32: "00000007", 64: "0000000000000007"}
ABSENT = {
    **{f"int{bits}": "80" + "00" * (bits // 8 - 1) for bits in SEVEN},
    **{f"uint{bits}": "ff" * (bits // 8) for bits in SEVEN},
    **{f"acc{bits}": "00" * (bits // 8) for bits in SEVEN},
    **{f"{kind}{bits}": "ff" * (bits // 8) for kind in ("enum", "bitfield") for bits in (16, 32)},
    "bitfield64": "ff" * 8,
    "sunssf": "8000",
    "count": "ffff",
    "float32": "7fc00000",
    "float64": "7ff8000000000000",
    "string": "00" * 8,
    "ipaddr": "00" * 4,
    "ipv6addr": "00" * 16,
    "eui48": "0000ffffffffffff",
    "pad": "8000",
}


@pytest.mark.parametrize("kind", sorted(ABSENT))
def test_a_point_that_is_not_implemented_is_none(kind: str) -> None:
    assert point_value(kind, bytes.fromhex(ABSENT[kind])) is None


@pytest.mark.parametrize("bits", SEVEN)
@pytest.mark.parametrize("kind", ["int", "uint", "acc"])
def test_a_number_is_itself(kind: str, bits: int) -> None:
    assert point_value(f"{kind}{bits}", bytes.fromhex(SEVEN[bits])) == 7


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("int16", b"\xff\xff", -1),
        ("int16", b"\x80\x01", -32767),
        ("uint16", b"\x80\x00", 32768),  # another type's sentinel
        ("uint32", b"\xff\xff\xff\xfe", 2**32 - 2),
        ("acc32", b"\xff\xff\xff\xff", 2**32 - 1),
        ("sunssf", b"\xff\xfe", -2),
        ("float32", struct.pack(">f", 0.0), 0.0),
        ("float32", struct.pack(">f", float("inf")), None),
        ("string", b"SN7\0junk", "SN7"),
        ("eui48", bytes.fromhex("0000001122334455"), "00:11:22:33:44:55"),
        ("ipaddr", bytes([192, 0, 2, 7]), "192.0.2.7"),
    ],
)
def test_values_beside_the_sentinels_are_values(kind: str, raw: bytes, value: PointValue) -> None:
    assert point_value(kind, raw) == value
