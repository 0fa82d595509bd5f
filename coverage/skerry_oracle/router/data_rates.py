"""Data-rate numbers of LoRaWAN's regional parameters (RP002), which network servers speak of over HTTP."""

from skerry_oracle.router.roaming_errors import RoamingRejected

__all__ = ["datarate_name", "datarate_number"]

_DOWN_TO_SF7 = tuple(f"SF{factor}BW125" for factor in range(12, 6, -1))  # numbers 0 to 5
_WIDE_DOWN = tuple(f"SF{factor}BW500" for factor in range(12, 6, -1))  # numbers 8 to 13 where 500 kHz is used
_EUROPE = dict(enumerate((*_DOWN_TO_SF7, "SF7BW250")))
_PLAIN = dict(enumerate(_DOWN_TO_SF7))
_WIDE = dict(enumerate(_WIDE_DOWN, start=8))
_US915 = dict(enumerate(("SF10BW125", "SF9BW125", "SF8BW125", "SF7BW125", "SF8BW500"))) | _WIDE
_AU915 = dict(enumerate((*_DOWN_TO_SF7, "SF8BW500"))) | _WIDE
_TABLES = {
    "US915": _US915, "AU915": _AU915, "EU868": _EUROPE, "EU433": _EUROPE, "CD900": _EUROPE, "RU864": _EUROPE,
    "AS923": _EUROPE, "IN865": _PLAIN, "KR920": _PLAIN, "CN470": _PLAIN,
}  # fmt: skip


def datarate_number(region: str, name: str) -> int:
    """Return the number of a data rate such as SF9BW125. Raises `RoamingRejected` datarate."""
    for number, known in _table(region).items():
        if known == name:
            return number
    raise RoamingRejected("datarate", f"{region} has no {name}")


def datarate_name(region: str, number: object) -> str:
    """Return the name of a data-rate number. Raises `RoamingRejected` datarate."""
    found = _table(region).get(number) if isinstance(number, int) and not isinstance(number, bool) else None
    if found is None:
        raise RoamingRejected("datarate", f"{region} has no data rate {number!r}")
    return found


def _table(region: str) -> dict[int, str]:
    """Return a region's table; plans of one region (AS923_1B, AU915_SB1) share it."""
    try:
        return _TABLES[region.partition("_")[0]]
    except KeyError:
        raise RoamingRejected("datarate", f"no data rates are known for region {region}") from None
