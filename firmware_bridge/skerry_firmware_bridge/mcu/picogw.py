"""Frames of the PicoCell gateway, an SX1308 behind a microcontroller (serial-devices 2.2), without input or output.

Error terms: incomplete, nack, wrong_letter, refused for answers; truncated for packet lists.
"""

import math
import struct
from dataclasses import dataclass
from enum import Enum

from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["Answer", "Command", "Packet", "decode_answer", "decode_packets", "encode_request"]

HEADER_BYTES = 4
ACCEPTED = 1
NACK_LETTER = ord("k")
USB_PACKET_BYTES = 64  # an answer that fills whole USB packets is followed by one padding byte
METADATA_BYTES = 44
STATUS = {0x10: "crc_ok", 0x11: "crc_bad", 0x01: "no_crc"}
MODULATION = {0x10: "lora", 0x20: "fsk"}
BANDWIDTH_KHZ = {1: 500, 2: 250, 3: 125}
SPREADING_FACTOR = {2: 7, 4: 8, 8: 9, 16: 10, 32: 11, 64: 12}
CODING_RATE = {1: "4/5", 2: "4/6", 3: "4/7", 4: "4/8"}


class Command(Enum):
    """Commands by their letter."""

    READ = "r"
    WRITE = "w"
    READ_BURST = "p"
    WRITE_BURST = "a"
    RECEIVE = "b"
    FIRMWARE = "l"
    RESET = "m"
    BOOTLOADER = "n"
    TRIGGER = "q"
    BOARD = "i"
    CALIBRATION = "j"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole, accepted answer; `padding` is 1 when a padding byte followed it."""

    data: bytes
    padding: int
    rest_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One received packet; None where the modulation has no such value."""

    freq_hz: int
    if_chain: int
    status: str
    count_us: int
    rf_chain: int
    modulation: str
    bandwidth_khz: int | None
    spreading_factor: int | None
    bit_rate: int | None
    coding_rate: str | None
    rssi_dbm: float
    snr_db: float | None
    crc: int
    payload: bytes


def encode_request(command: Command, *, address: int = 0, data: bytes = b"") -> bytes:
    """Return the frame: letter, length, address, data."""
    return command.value.encode() + len(data).to_bytes(2, "big") + bytes([address]) + data


def decode_answer(command: Command, raw: bytes) -> Answer:
    """Check and decode the answer at the start of `raw`. Raises `FrameRejected`, first failed test first."""
    if len(raw) < HEADER_BYTES:
        raise FrameRejected("incomplete", frame=raw)
    if raw[0] == NACK_LETTER:
        raise FrameRejected("nack", frame=raw)
    if raw[0] != ord(command.value):
        raise FrameRejected("wrong_letter", detail=f"expected {command.value!r}, got {raw[:1]!r}", frame=raw)
    end = HEADER_BYTES + int.from_bytes(raw[1:3], "big")
    padding = int(end % USB_PACKET_BYTES == 0)
    if len(raw) < end + padding:
        raise FrameRejected("incomplete", frame=raw)
    if raw[3] != ACCEPTED:
        raise FrameRejected("refused", detail=f"status {raw[3]}", frame=raw)
    return Answer(data=raw[HEADER_BYTES:end], padding=padding, rest_bytes=len(raw) - end - padding)


def decode_packets(data: bytes) -> list[Packet]:
    """Decode the answer to RECEIVE. Raises `FrameRejected` truncated."""
    packets, at = [], 1
    for _ in range(data[0] if data else _truncated(data)):
        metadata = data[at : at + METADATA_BYTES]
        if len(metadata) < METADATA_BYTES:
            _truncated(data)
        size = int.from_bytes(metadata[42:44], "little")
        payload = data[at + METADATA_BYTES : at + METADATA_BYTES + size]
        if len(payload) < size:
            _truncated(data)
        packets.append(_packet(metadata, payload))
        at += METADATA_BYTES + size
    return packets


def _truncated(data: bytes) -> int:
    raise FrameRejected("truncated", detail=f"after {len(data)} bytes", frame=data)


def _packet(metadata: bytes, payload: bytes) -> Packet:
    (frequency_hz,) = struct.unpack_from("<I", metadata, 0)
    (count_us,) = struct.unpack_from("<I", metadata, 8)
    (datarate,) = struct.unpack_from("<I", metadata, 16)
    rssi_dbm, snr_db = struct.unpack_from("<ff", metadata, 24)
    modulation = MODULATION.get(metadata[13], "undefined")
    lora = modulation == "lora"
    return Packet(
        freq_hz=frequency_hz,
        if_chain=metadata[4],
        status=STATUS.get(metadata[5], "undefined"),
        count_us=count_us,
        rf_chain=metadata[12],
        modulation=modulation,
        bandwidth_khz=BANDWIDTH_KHZ.get(metadata[14]),
        spreading_factor=SPREADING_FACTOR.get(datarate) if lora else None,
        bit_rate=datarate if modulation == "fsk" else None,
        coding_rate=CODING_RATE.get(metadata[20]),
        rssi_dbm=rssi_dbm,
        snr_db=snr_db if lora and math.isfinite(snr_db) else None,
        crc=int.from_bytes(metadata[40:42], "little"),
        payload=payload,
    )
