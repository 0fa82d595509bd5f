"""LoRa frames as they cross folders: heard by a radio, to be sent by a radio, and what became of the sending."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Crc", "ReceivedFrame", "TransmitOutcome", "TransmitRequest", "TransmitStatus"]


class Crc(Enum):
    """The concentrator's word on the frame's checksum."""

    OK = "ok"
    DISABLED = "disabled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFrame:
    """One frame as a concentrator reported it."""

    phy: bytes
    frequency_hz: int
    datarate: str  # the field's name for it: SF9BW125
    rssi_dbm: int
    snr_db: float
    tmst_us: int  # the concentrator's 32-bit microsecond counter
    crc: Crc
    received_wall_ns: int
    received_monotonic_ns: int
    source: str  # link kind and address, as stated in proofs: "udp 127.0.0.1:40001"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitRequest:
    """One frame to put on the air; `power_dbm` is conducted power, `tmst_us` None means at once."""

    phy: bytes
    frequency_hz: int
    datarate: str
    power_dbm: int
    inverted_polarity: bool  # True for downlinks to devices, False for beacons
    tmst_us: int | None = None


class TransmitStatus(Enum):
    """How a transmission ended."""

    SENT = "sent"
    ADJUSTED = "adjusted"  # sent with another power
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitOutcome:
    """What the radio said after a transmission; `reason` is its own term in lower case (too_late, tx_freq, timeout)."""

    status: TransmitStatus
    power_dbm: int | None = None
    tmst_us: int | None = None
    reason: str | None = None
