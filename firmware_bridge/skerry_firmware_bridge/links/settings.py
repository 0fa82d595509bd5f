"""Line settings of a serial port, apart from the port itself so that settings cost no import of the serial library."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Pin", "SerialSettings"]


class Pin(Enum):
    """What happens to DTR or RTS when the port is opened and closed."""

    LEAVE = "leave"
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSettings:
    """Line settings; both pins low keep ESP32 boards from resetting when the port is opened (serial-devices 3)."""

    baudrate: int = 115_200
    byte_size: int = 8
    parity: str = "N"
    stop_bits: float = 1
    dtr: Pin = Pin.LEAVE
    rts: Pin = Pin.LEAVE
