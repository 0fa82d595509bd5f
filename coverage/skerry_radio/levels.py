"""What a receiver still hears, what may be sent, and what remains between (KINDS-propagation)."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from skerry_radio.errors import RadioRefused
from skerry_radio.regions import region_params

__all__ = [
    "DEFAULT_NOISE_FIGURE_DB",
    "Eirp",
    "Sensitivity",
    "eirp",
    "parse_exact_datarate",
    "sensitivity",
    "snr_limit_db",
]

THERMAL_DBM_HZ = -174.0  # the rounded thermal density at room temperature
DEFAULT_NOISE_FIGURE_DB = 6.0  # usual for concentrators; data sheets not checked
_ERP_OFFSET_DDB_X10 = 215  # a dipole's 2.15 dB in hundredths
_EXACT_DATARATE = re.compile(r"SF(\d+)BW(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The weakest signal that a receiver demodulates."""

    noise_floor_dbm: float
    snr_limit_db: float
    sensitivity_dbm: float


def snr_limit_db(spreading_factor: int) -> float:
    """Return the demodulation floor of SF5 to SF12 in dB. Raises `RadioRefused` spreading_factor."""
    if spreading_factor not in range(5, 13):
        raise RadioRefused("spreading_factor", f"SF{spreading_factor}")
    return -5.0 - 2.5 * (spreading_factor - 6)


def sensitivity(
    *, spreading_factor: int, bandwidth_hz: int, noise_figure_db: float = DEFAULT_NOISE_FIGURE_DB
) -> Sensitivity:
    """Return noise floor and sensitivity. Raises `RadioRefused` spreading_factor, bandwidth, noise_figure."""
    limit = snr_limit_db(spreading_factor)
    if bandwidth_hz <= 0:
        raise RadioRefused("bandwidth", f"{bandwidth_hz} Hz")
    if noise_figure_db < 0:
        raise RadioRefused("noise_figure", f"{noise_figure_db} dB")
    floor = THERMAL_DBM_HZ + 10 * math.log10(bandwidth_hz) + noise_figure_db
    return Sensitivity(noise_floor_dbm=floor, snr_limit_db=limit, sensitivity_dbm=floor + limit)


def parse_exact_datarate(text: str) -> tuple[int, int]:
    """Return (spreading factor, bandwidth in Hz) of `SF<n>BW<kHz>`. Raises `RadioRefused` datarate."""
    match = _EXACT_DATARATE.fullmatch(text)
    if match is None:
        raise RadioRefused("datarate", repr(text))
    return int(match[1]), int(match[2]) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Eirp:
    """Radiated power against a region's published limit, in tenths of dBm."""

    eirp_ddbm: int
    erp_dbm: Decimal
    limit_ddbm: int

    @property
    def margin_ddb(self) -> int:
        """What is left below the limit; negative = over it."""
        return self.limit_ddbm - self.eirp_ddbm

    @property
    def over_limit(self) -> bool:
        """Whether the power exceeds the limit; equal is allowed."""
        return self.eirp_ddbm > self.limit_ddbm


def eirp(*, region: str, conducted_ddbm: int, gain_ddbi: int, cable_loss_ddb: int = 0) -> Eirp:
    """Return the radiated power of a conducted power; limits are the network's published values, not legal advice.

    Raises `UnknownRegion`, then `RadioRefused` cable_loss.
    """
    limit = region_params(region).max_eirp_ddbm
    if cable_loss_ddb < 0:
        raise RadioRefused("cable_loss", f"{cable_loss_ddb} tenths of dB")
    radiated = conducted_ddbm + gain_ddbi - cable_loss_ddb
    return Eirp(
        eirp_ddbm=radiated,
        erp_dbm=Decimal(radiated * 10 - _ERP_OFFSET_DDB_X10).scaleb(-2),
        limit_ddbm=limit,
    )
