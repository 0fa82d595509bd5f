"""Devices that give themselves away without being asked: P1 meters and gateways that speak GWMP over a UART; pure."""

from dataclasses import dataclass, field

from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram
from skerry_firmware_bridge.gwmp.hdlc import Deframer
from skerry_firmware_bridge.meter.p1 import P1Stream, check_telegram
from skerry_firmware_bridge.meter.p1_values import read_telegram

__all__ = ["Identified", "talker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The port answered as a device of `kind`; an empty identity = it has not said who it is.

    `url` = what to open it by where that is not the port's own name.
    """

    kind: str
    identity: Values = field(default_factory=dict)
    url: str | None = None


def talker(heard: bytes) -> Identified | None:
    """Return the device whose whole telegram or frame is among the bytes heard."""
    return _meter(heard) or _gateway(heard)


def _meter(heard: bytes) -> Identified | None:
    """Only the old versions send telegrams without a checksum."""
    # 7E1 read as 8N1 leaves the parity in the top bit
    for raw in P1Stream().feed(bytes(byte & 0x7F for byte in heard)):
        try:
            telegram = check_telegram(raw)
        except FrameRejected:
            continue
        if telegram.lines:
            reading = read_telegram(telegram)
            identity: Values = {"model": telegram.header, "serial": reading.meter_id, "p1_version": reading.version}
            return Identified(kind="p1" if telegram.has_crc else "p1-v2", identity=identity)
    return None


def _gateway(heard: bytes) -> Identified | None:
    for raw in Deframer().feed(heard):
        try:
            datagram = Datagram.from_bytes(raw)
        except FrameRejected:
            continue
        if datagram.eui is not None:
            return Identified(kind="gwmp-serial", identity=gateway_identity(datagram))
    return None


def gateway_identity(datagram: Datagram) -> Values:
    """Return who a packet forwarder says it is."""
    return {"eui": None if datagram.eui is None else datagram.eui.hex(), "gwmp_version": datagram.version}
