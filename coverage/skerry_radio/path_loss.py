"""Path loss without terrain: free space and Hata (KINDS-propagation). Distances in metres, losses in dB."""

import math

from skerry_radio.errors import RadioRefused

__all__ = ["LIGHT_M_S", "fspl_db", "hata_db", "wavelength_m"]

LIGHT_M_S = 299_792_458  # the reward rules use another value, see skerry_coverage.iot.rssi: never share it
_COST231_METROPOLITAN_DB = 3.0


def wavelength_m(frequency_hz: int) -> float:
    """Return the wavelength in metres. Raises `RadioRefused` frequency."""
    if frequency_hz <= 0:
        raise RadioRefused("frequency", f"{frequency_hz} Hz")
    return LIGHT_M_S / frequency_hz


def fspl_db(*, distance_m: float, frequency_hz: int) -> float:
    """Return the free-space loss (ITU-R P.525); negative very close by. Raises `RadioRefused` distance, frequency."""
    if distance_m <= 0:
        raise RadioRefused("distance", f"{distance_m} m")
    return 20 * math.log10(4 * math.pi * distance_m / wavelength_m(frequency_hz))


def hata_db(
    *,
    model: str,
    environment: str,
    frequency_hz: int,
    base_height_m: float,
    mobile_height_m: float,
    distance_m: float,
) -> tuple[float, float]:
    """Return (mobile height correction, median loss) of Okumura-Hata or COST 231.

    Nothing is extrapolated: raises `RadioRefused` model, environment, frequency, base_height, mobile_height or
    distance outside the models' own ranges.
    """
    f_mhz, distance_km = frequency_hz / 1e6, distance_m / 1000
    _check_hata(
        model,
        environment,
        f_mhz=f_mhz,
        base_height_m=base_height_m,
        mobile_height_m=mobile_height_m,
        distance_km=distance_km,
    )
    f, base = math.log10(f_mhz), math.log10(base_height_m)
    correction = _mobile_correction_db(
        f_mhz, mobile_height_m, large=(model, environment) == ("okumura_hata", "urban_large")
    )
    slope = (44.9 - 6.55 * base) * math.log10(distance_km)
    if model == "cost231":
        extra = _COST231_METROPOLITAN_DB if environment == "urban_large" else 0.0
        return correction, 46.3 + 33.9 * f - 13.82 * base - correction + slope + extra
    loss = 69.55 + 26.16 * f - 13.82 * base - correction + slope
    if environment == "suburban":
        loss -= 2 * math.log10(f_mhz / 28) ** 2 + 5.4
    elif environment == "open":
        loss -= 4.78 * f**2 - 18.33 * f + 40.94
    return correction, loss


def _check_hata(
    model: str, environment: str, *, f_mhz: float, base_height_m: float, mobile_height_m: float, distance_km: float
) -> None:
    environments = {"urban_small", "urban_large", "suburban"}
    if model == "okumura_hata":
        environments.add("open")
        range_mhz = (150, 1500)
    elif model == "cost231":
        range_mhz = (1500, 2000)
    else:
        raise RadioRefused("model", repr(model))
    if environment not in environments:
        raise RadioRefused("environment", repr(environment))
    for name, value, (low, high) in (
        ("frequency", f_mhz, range_mhz),
        ("base_height", base_height_m, (30, 200)),
        ("mobile_height", mobile_height_m, (1, 10)),
        ("distance", distance_km, (1, 20)),
    ):
        if not low <= value <= high:
            raise RadioRefused(name, f"{value} is outside {low} to {high}")


def _mobile_correction_db(f_mhz: float, mobile_height_m: float, *, large: bool) -> float:
    if large and f_mhz < 300:
        return 8.29 * math.log10(1.54 * mobile_height_m) ** 2 - 1.1
    if large:
        return 3.2 * math.log10(11.75 * mobile_height_m) ** 2 - 4.97
    f = math.log10(f_mhz)
    return (1.1 * f - 0.7) * mobile_height_m - (1.56 * f - 0.8)
