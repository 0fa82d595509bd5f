"""Checksums of the serial and radio framings (serial-devices 2.3, 2.5-2.7). Every codec of this package uses these."""

from binascii import crc_hqx
from functools import reduce
from operator import xor

__all__ = ["crc16_arc", "crc16_modbus", "crc16_xmodem", "fcs16", "iec_bcc", "modbus_lrc", "sum8"]


def _reflected_table(polynomial: int) -> tuple[int, ...]:
    def entry(value: int) -> int:
        for _ in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        return value

    return tuple(entry(byte) for byte in range(256))


_TABLE = _reflected_table(0xA001)  # polynomial 0x8005, reflected
_FCS_TABLE = _reflected_table(0x8408)  # polynomial 0x1021, reflected


def _crc16_reflected(data: bytes, crc: int) -> int:
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def crc16_modbus(data: bytes) -> int:
    """Return CRC-16/MODBUS; on the wire its low byte goes first."""
    return _crc16_reflected(data, 0xFFFF)


def crc16_arc(data: bytes) -> int:
    """Return CRC-16/ARC, the one that P1 telegrams print."""
    return _crc16_reflected(data, 0)


def crc16_xmodem(data: bytes) -> int:
    """Return CRC-16/XMODEM, the one of class B beacons."""
    return crc_hqx(data, 0)


def fcs16(data: bytes) -> int:
    """Return the frame check sequence of RFC 1662; on the wire its low byte goes first."""
    fcs = 0xFFFF
    for byte in data:
        fcs = (fcs >> 8) ^ _FCS_TABLE[(fcs ^ byte) & 0xFF]
    return fcs ^ 0xFFFF


def iec_bcc(data: bytes) -> int:
    """Return the block check character of IEC 62056-21: the XOR of the 7-bit bytes."""
    return reduce(xor, data, 0) & 0x7F


def sum8(data: bytes) -> int:
    """Return the byte sum modulo 256."""
    return sum(data) & 0xFF


def modbus_lrc(data: bytes) -> int:
    """Return the check byte of Modbus ASCII: the two's complement of the byte sum."""
    return -sum(data) & 0xFF
