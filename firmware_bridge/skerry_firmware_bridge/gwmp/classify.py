"""What a received packet is to a gateway: dropped, beacon, uplink or ignored (iot-poc 2.1).

Conformance and the agent's packet path call it; it looks at the frame's first bytes only and verifies nothing.
"""

import math
import re
import struct
from enum import Enum

from skerry_wire.frames import Crc

__all__ = ["PacketClass", "beacon_data", "classify", "witness_values"]

BEACON_PHY_BYTES = 52
PROPRIETARY = 7
_DATARATE = re.compile(r"SF(7|8|9|10|11|12)BW(125|250|500)")
_DATA_OVERHEAD_BYTES = 12  # MHDR 1, DevAddr 4, FCtrl 1, FCnt 2, MIC 4


class PacketClass(Enum):
    """First that applies, in this order."""

    DROPPED_CRC = "dropped_crc"
    DROPPED_DATARATE = "dropped_datarate"
    NO_REGION = "no_region"
    BEACON = "beacon"
    UPLINK = "uplink"
    IGNORED = "ignored"


def classify(*, phy: bytes, crc: Crc, datarate: str, region_known: bool) -> PacketClass:
    """Return the class of one packet."""
    if crc is not Crc.OK:
        return PacketClass.DROPPED_CRC
    if not _DATARATE.fullmatch(datarate):
        return PacketClass.DROPPED_DATARATE
    if phy and phy[0] >> 5 == PROPRIETARY and len(phy) == BEACON_PHY_BYTES:
        return PacketClass.BEACON if region_known else PacketClass.NO_REGION
    if _is_uplink(phy):
        return PacketClass.UPLINK if region_known else PacketClass.NO_REGION
    return PacketClass.IGNORED


def beacon_data(phy: bytes) -> bytes | None:
    """Return the 51 bytes after a beacon's header, None when its major version is not 0."""
    return None if phy[0] & 0b11 else phy[1:]


def witness_values(rssi_dbm: int, snr_db: float) -> tuple[int, int]:
    """Return signal and SNR for a witness report, dBm x 10 and dB x 10, cut in single precision (iot-poc 2.2)."""
    single = struct.unpack("f", struct.pack("f", snr_db))[0]
    return rssi_dbm * 10, math.trunc(struct.unpack("f", struct.pack("f", single * 10.0))[0])


def _is_uplink(phy: bytes) -> bool:
    """Parse as the gateway does: a downlink-typed data frame passes here, the router refuses it later."""
    if not phy or phy[0] & 0b11:
        return False
    match phy[0] >> 5:
        case 0:
            return len(phy) == 23
        case 2 | 3 | 4 | 5:
            return _is_data(phy)
        case _:
            return False


def _is_data(phy: bytes) -> bool:
    if len(phy) < _DATA_OVERHEAD_BYTES:
        return False
    options_end = 8 + (phy[5] & 0x0F)
    if len(phy) - 4 < options_end:
        return False
    port = phy[options_end] if len(phy) - 4 > options_end else None
    return not (port == 0 and options_end > 8)
