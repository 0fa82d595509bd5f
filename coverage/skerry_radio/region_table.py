"""The region tables themselves: data only, transcribed from reference sheet iot-poc section 6.

Sources named there: the network's published parameter files (PUBLISHED) and two LoRaWAN stacks (EL, LM) for limits.
"""

from skerry_radio.regions import DutyBand, RegionLimits, RegionParams, Rx2

__all__ = ["LIMITS", "PARAMS"]

_BANDWIDTH_HZ = 125_000
_Spreading = tuple[tuple[str, int], ...]
_L1: _Spreading = (("SF12", 25), ("SF11", 25), ("SF10", 25), ("SF9", 67), ("SF8", 139), ("SF7", 256))
_LU: _Spreading = (("SF10", 25), ("SF9", 67), ("SF8", 139), ("SF7", 256))
_LE: _Spreading = (("SF12", 65), ("SF9", 129), ("SF8", 238))


def _every_200_khz(first_khz: int, count: int) -> tuple[int, ...]:
    return tuple((first_khz + 200 * index) * 1000 for index in range(count))


# (channels, max EIRP in tenths of dBm, spreading list)
_PUBLISHED: dict[str, tuple[tuple[int, ...], int, _Spreading]] = {
    "US915": (_every_200_khz(903_900, 8), 360, _LU),
    "EU868": (_every_200_khz(867_100, 8), 161, _LE),
    "CD900_1A": (_every_200_khz(867_100, 8), 161, _LE),
    "AU915": (_every_200_khz(916_800, 8), 300, _L1),
    "AU915_SB1": (_every_200_khz(915_200, 8), 300, _L1),
    "AS923_1": (_every_200_khz(923_200, 8), 160, _L1),
    "AS923_1B": (_every_200_khz(922_000, 8), 160, _L1),
    "AS923_1C": (_every_200_khz(923_200, 8), 300, _L1),
    "AS923_2": (_every_200_khz(921_400, 8), 160, _L1),
    "AS923_3": (_every_200_khz(916_600, 8), 160, _L1),
    "AS923_4": (_every_200_khz(917_300, 8), 160, _L1),
    "IN865": ((865_062_500, 865_402_500, 865_985_000), 300, _L1),
    "KR920": (_every_200_khz(922_100, 7), 140, _L1),
    "CN470": (_every_200_khz(486_300, 8), 191, _L1),
    "RU864": ((*_every_200_khz(864_100, 5), 868_900_000, 869_100_000), 160, _L1),
    # The published file lacks a digit (433.175, 433.375, 433.575 MHz are meant); beacons are off there anyway.
    "EU433": ((43_317_500, 43_337_500, 43_357_500), 121, _L1),
}

PARAMS: dict[str, RegionParams] = {
    name: RegionParams(
        region=name, channels_hz=channels, bandwidth_hz=_BANDWIDTH_HZ, max_eirp_ddbm=eirp, spreading=spreading
    )
    for name, (channels, eirp, spreading) in _PUBLISHED.items()
}

_EU868_BANDS = (
    DutyBand(low_hz=863_000_000, high_hz=865_000_000, limit_ppm=1_000),
    DutyBand(low_hz=865_000_000, high_hz=868_000_000, limit_ppm=10_000),
    DutyBand(low_hz=868_000_000, high_hz=868_600_000, limit_ppm=10_000),
    DutyBand(low_hz=868_700_000, high_hz=869_200_000, limit_ppm=1_000),
    DutyBand(low_hz=869_400_000, high_hz=869_650_000, limit_ppm=100_000),
    DutyBand(low_hz=869_700_000, high_hz=870_000_000, limit_ppm=10_000),
)
_NO_DUTY_LIMIT: tuple[DutyBand, ...] = ()
# LM defines the AS923 band with 1 % but leaves its limiter off; 1 % is held to here.
_AS923_BAND = (DutyBand(low_hz=915_000_000, high_hz=928_000_000, limit_ppm=10_000),)
_RU864_BAND = (DutyBand(low_hz=864_000_000, high_hz=870_000_000, limit_ppm=10_000),)
_EU433_BAND = (DutyBand(low_hz=433_050_000, high_hz=434_790_000, limit_ppm=10_000),)

_BOTH = "erlang-lorawan @94c43d1b and LoRaMac-node @dcbcfb32, the stricter of the two"


def _limits(
    region: str,
    *,
    dwell_ms: tuple[int | None, int | None],
    duty: tuple[DutyBand, ...] | None,
    rx2: Rx2 | None,
    needs_lbt: bool = False,
    beacons_refused: str | None = None,
) -> RegionLimits:
    return RegionLimits(
        region=region,
        dwell_up_ms=dwell_ms[0],
        dwell_down_ms=dwell_ms[1],
        duty_bands=duty,
        max_eirp_ddbm=_PUBLISHED[region][1],
        needs_lbt=needs_lbt,
        rx2=rx2,
        beacons_refused=beacons_refused,
        source=_BOTH,
    )


def _rx2(khz: int, datarate: str | None = None) -> Rx2:
    return Rx2(frequency_hz=khz * 1000, datarate=datarate)


_ALL_LIMITS = (
    _limits("US915", dwell_ms=(400, 400), duty=_NO_DUTY_LIMIT, rx2=_rx2(923_300, "SF12BW500")),
    _limits("EU868", dwell_ms=(0, 0), duty=_EU868_BANDS, rx2=_rx2(869_525, "SF12BW125")),
    # Helium's name for countries on EU868 channels; neither stack knows it, so its limits are unknown.
    _limits("CD900_1A", dwell_ms=(None, None), duty=None, rx2=None),
    # EL has no dwell limit for AU915, LM's default is 400 ms for uplinks.
    _limits("AU915", dwell_ms=(400, 0), duty=_NO_DUTY_LIMIT, rx2=_rx2(923_300, "SF12BW500")),
    _limits("AU915_SB1", dwell_ms=(400, 0), duty=_NO_DUTY_LIMIT, rx2=_rx2(923_300, "SF12BW500")),
    _limits("AS923_1", dwell_ms=(400, 400), duty=_AS923_BAND, rx2=_rx2(923_200, "SF10BW125")),
    _limits("AS923_1B", dwell_ms=(400, 400), duty=_AS923_BAND, rx2=_rx2(923_200)),
    _limits("AS923_1C", dwell_ms=(0, 0), duty=_AS923_BAND, rx2=_rx2(923_200)),
    _limits("AS923_2", dwell_ms=(400, 400), duty=_AS923_BAND, rx2=_rx2(921_400)),
    _limits("AS923_3", dwell_ms=(400, 400), duty=_AS923_BAND, rx2=_rx2(916_600)),
    _limits("AS923_4", dwell_ms=(400, 400), duty=_AS923_BAND, rx2=_rx2(917_300)),
    _limits("IN865", dwell_ms=(0, 0), duty=_NO_DUTY_LIMIT, rx2=_rx2(866_550, "SF10BW125")),
    _limits("KR920", dwell_ms=(0, 0), duty=_NO_DUTY_LIMIT, rx2=_rx2(921_900, "SF12BW125"), needs_lbt=True),
    _limits(
        "CN470",
        dwell_ms=(1000, 1000),
        duty=_NO_DUTY_LIMIT,
        rx2=_rx2(505_300),
        beacons_refused="HIP-137 ended beacons in CN470",
    ),
    _limits("RU864", dwell_ms=(None, None), duty=_RU864_BAND, rx2=_rx2(869_100, "SF12BW125")),
    _limits(
        "EU433",
        dwell_ms=(0, 0),
        duty=_EU433_BAND,
        rx2=_rx2(434_665, "SF12BW125"),
        beacons_refused="the published EU433 channels are wrong by a factor of ten",
    ),
)
LIMITS: dict[str, RegionLimits] = {limits.region: limits for limits in _ALL_LIMITS}
