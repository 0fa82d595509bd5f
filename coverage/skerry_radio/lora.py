"""LoRa data rates and time on air; beacons, the transmit gate, emulators and planning use them."""

import math
import re
from dataclasses import dataclass

from skerry_radio.errors import RadioRefused

__all__ = ["Datarate", "airtime_ms", "airtime_us"]

_PATTERN = re.compile(r"\s*SF(7|8|9|10|11|12)BW(125|250|500)\s*", re.IGNORECASE | re.ASCII)
_BANDWIDTHS_KHZ = (125, 250, 500)
_SPREADINGS = range(7, 13)
_PREAMBLE_SYMBOLS = 8
_LOW_RATE_SYMBOL_MS = 16.0  # longer symbols need the low-data-rate mode


@dataclass(frozen=True, slots=True)
class Datarate:
    """A LoRa data rate of the protocol: SF7 to SF12 at 125, 250 or 500 kHz."""

    spreading_factor: int
    bandwidth_khz: int

    def __post_init__(self) -> None:
        if self.spreading_factor not in _SPREADINGS or self.bandwidth_khz not in _BANDWIDTHS_KHZ:
            raise RadioRefused("unknown", f"SF{self.spreading_factor} at {self.bandwidth_khz} kHz is no data rate")

    @classmethod
    def parse(cls, text: str) -> "Datarate":
        """Read `SF9BW125`, in any case, with blanks around it. Raises `RadioRefused` unknown."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise RadioRefused("unknown", f"{text!r} is no LoRa data rate")
        return cls(int(match[1]), int(match[2]))

    @property
    def number(self) -> int:
        """The protocol's enum value (iot-poc 3.2)."""
        return _BANDWIDTHS_KHZ.index(self.bandwidth_khz) * len(_SPREADINGS) + 12 - self.spreading_factor

    def __str__(self) -> str:
        return f"SF{self.spreading_factor}BW{self.bandwidth_khz}"


def airtime_ms(*, spreading_factor: int, bandwidth_khz: int, phy_bytes: int) -> float:
    """Return the time on air in milliseconds (Semtech AN1200.13).

    Coding rate 4/5, 8 preamble symbols, explicit header, CRC on. Inputs outside SF6 to SF12, a bandwidth or size that
    cannot be give 0.
    """
    if spreading_factor not in range(6, 13) or bandwidth_khz <= 0 or phy_bytes < 0:
        return 0.0
    symbol_ms: float = (1 << spreading_factor) / bandwidth_khz
    low_rate = 2 if symbol_ms > _LOW_RATE_SYMBOL_MS else 0
    bits = 8 * phy_bytes - 4 * spreading_factor + 28 + 16
    payload_symbols = 8 + max(math.ceil(bits / (4 * (spreading_factor - low_rate))) * 5, 0)
    return (_PREAMBLE_SYMBOLS + 4.25 + payload_symbols) * symbol_ms


def airtime_us(datarate: Datarate, phy_bytes: int) -> int:
    """Return the time on air in whole microseconds, rounded up, as duty ledgers count it."""
    return math.ceil(
        1000
        * airtime_ms(
            spreading_factor=datarate.spreading_factor, bandwidth_khz=datarate.bandwidth_khz, phy_bytes=phy_bytes
        )
    )
