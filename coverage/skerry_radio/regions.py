"""Region parameters and transmit limits by region name; beacon building, the transmit gate and planning read them here.

`RegionParams` is what the network publishes (iot-poc section 6, first table) and is part of every beacon's
construction. `RegionLimits` are reference values for a local limiter (second table, EU868 sub-bands): the network does
not enforce them, and they are not legal advice. Where the two LoRaWAN stacks that the sheet cites differ, the stricter
value stands. None means unknown: the transmit gate refuses.
"""

from dataclasses import dataclass

from skerry_radio.errors import UnknownRegion

__all__ = [
    "DutyBand",
    "RegionLimits",
    "RegionParams",
    "Rx2",
    "known_limits",
    "published_regions",
    "region_limits",
    "region_params",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionParams:
    """Published proof-of-coverage parameters; lists are in stored order, which the beacon rules depend on."""

    region: str
    channels_hz: tuple[int, ...]
    bandwidth_hz: int
    max_eirp_ddbm: int
    spreading: tuple[tuple[str, int], ...]  # (name, largest payload in bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBand:
    """A frequency range with one share of air time, in parts per million of an hour; both ends belong to it."""

    low_hz: int
    high_hz: int
    limit_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rx2:
    """The second receive window's frequency and data rate (None where the sources name none)."""

    frequency_hz: int
    datarate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLimits:
    """What a local limiter holds to.

    `dwell_*_ms`: longest transmission, 0 = no limit, None = unknown. `duty_bands`: None = unknown, empty = no duty
    limit; with bands, a frequency outside all of them may not be used. `beacons_refused` holds the reason where
    beacons are off altogether.
    """

    region: str
    dwell_up_ms: int | None
    dwell_down_ms: int | None
    duty_bands: tuple[DutyBand, ...] | None
    max_eirp_ddbm: int
    needs_lbt: bool
    rx2: Rx2 | None
    beacons_refused: str | None
    source: str

    def duty_band(self, frequency_hz: int) -> DutyBand | None:
        """Return the strictest band that a frequency lies in, None outside all bands."""
        fitting = [band for band in self.duty_bands or () if band.low_hz <= frequency_hz <= band.high_hz]
        return min(fitting, key=lambda band: band.limit_ppm, default=None)


def region_params(region: str) -> RegionParams:
    """Return the published parameters. Raises `UnknownRegion`."""
    from skerry_radio.region_table import PARAMS

    try:
        return PARAMS[region]
    except KeyError:
        raise UnknownRegion(region) from None


def region_limits(region: str) -> RegionLimits:
    """Return the transmit limits. Raises `UnknownRegion`."""
    from skerry_radio.region_table import LIMITS

    try:
        return LIMITS[region]
    except KeyError:
        raise UnknownRegion(region) from None


def published_regions() -> tuple[str, ...]:
    """Return the names of all regions with published parameters."""
    from skerry_radio.region_table import PARAMS

    return tuple(PARAMS)


def known_limits() -> tuple[str, ...]:
    """Return the names of all regions with a limits entry."""
    from skerry_radio.region_table import LIMITS

    return tuple(LIMITS)
