"""How devices are told to people: names, units, and in one line what matters of their readings; pure.

Used by the command line, the status page and the window, so that a device reads the same everywhere.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["NO_RADIOS", "has_region", "last_heard", "says", "short_name", "span", "told", "untold"]

Values = Mapping[str, Any]
# What stands in devices.attached: it sends nothing by radio under our rules, so no region is asked for.
NO_RADIOS = frozenset({"iec62056", "modem", "modem-manager", "p1", "p1-v2", "picogw", "sunspec", "sx1302-usb"})
ALIVE = "Answers."  # what the agent says of a device that is up where there is nothing else to say
NUMBER = re.compile(r"#\d+$")
_TECHNOLOGIES = {"nr_5gc": "5G", "en_dc": "LTE with 5G", "nr": "5G", "lte": "LTE", "nb_iot": "NB-IoT"}
_WORDS = {
    word: word.upper()
    for word in (
        "crc", "dbm", "earfcn", "arfcn", "eui", "id", "imei", "lte", "mcc", "mnc", "nr", "p1", "pci", "rsrp", "rsrq",
        "rssi", "sim", "sinr", "tac", "l1", "l2", "l3", "t1", "t2",
    )
} | {"mbus1": "M-Bus 1", "mbus2": "M-Bus 2", "mbus3": "M-Bus 3", "mbus4": "M-Bus 4", "lat": "latitude",
     "lon": "longitude", "ack": "acknowledged", "alt": "altitude", "sunspec": "SunSpec", "us": "us"}  # fmt: skip
# suffix of a value's name: what it is divided by, digits behind the point (None: as many as it has), unit
_UNITS: dict[str, tuple[int, int | None, str]] = {
    "wh": (1000, 3, "kWh"), "w": (1, None, "W"), "v": (1, None, "V"), "mv": (1000, 1, "V"), "a": (1, None, "A"),
    "c": (1, None, "\u00b0C"), "dbm": (1, None, "dBm"), "db": (1, None, "dB"), "mhz": (1, None, "MHz"),
    "millihz": (1000, 3, "Hz"), "percent": (1, None, "%"), "pct": (1, None, "%"), "m": (1, None, "m"),
    "us": (1_000_000, 1, "s"), "ms": (1000, 1, "s"), "s": (1, None, "s"),
}  # fmt: skip


def span(seconds: float) -> str:
    """Return a length of time in its largest unit of which there are two: 45 s, 12 min, 5 h, 18 d."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def has_region(kind: str) -> bool:
    """Tell whether a device of this kind transmits under a region that its owner confirms."""
    return kind not in NO_RADIOS


def short_name(device_id: str, name: str) -> str:
    """Return a name that fits into a column: the owner's own, else the last part of the place in the id."""
    place = NUMBER.sub("", device_id).partition(":")[2]
    if name not in (place, device_id.partition(":")[2]):
        return name
    path, question, options = place.partition("?")
    last = path.rstrip("/").rpartition("/")[2]
    unit = next((one for one in options.split("&") if one.startswith("unit=")), "") if question else ""
    return " ".join(part for part in (last or name, unit) if part)


def last_heard(kind: str, state: str, values: Values, as_of: datetime, now: datetime) -> str:
    """Say how old is what is known of a device; of one that never answered nothing is.

    A radio without readings may have been heard or not: the agent does not tell.
    """
    if state != "up" and not values:
        return "not known" if has_region(kind) else "never"
    return f"{span(round((now - as_of).total_seconds()))} ago"


def told(values: Values) -> list[tuple[str, str]]:
    """Return the readings in words, each with its unit; those without a value are in `untold`."""
    return [(_label(name), _amount(name, value)) for name, value in values.items() if value is not None]


def untold(values: Values) -> list[str]:
    """Return the names of what the device has a place for and does not say."""
    return [_label(name) for name, value in values.items() if value is None]


def says(state: str, reason: str, values: Values) -> str:
    """Return one line: what is wrong, or of a device that is up the few readings that matter."""
    line = _line(values) if state == "up" else ""
    if not line:
        return reason
    return line if reason == ALIVE else f"{line}. {reason}"


def _line(values: Values) -> str:
    network = "registration" in values
    parts = [_maker_and_model(values), *(_network(values) if network else ())]
    charge = values.get("charge_pct")
    parts.append(None if charge is None else f"{_amount('charge_pct', charge)} charged")
    parts += [_figure(values, "power_w")]
    parts += [f"{word} {figure}" for word in ("imported", "exported", "produced") if (figure := _energy(values, word))]
    return ", ".join(part for part in parts if part)


def _maker_and_model(values: Values) -> str | None:
    maker, model = values.get("maker"), values.get("model")
    if model is None or ("meter_id" in values and maker is None):  # a meter's header says nothing to its owner
        return None
    return f"{maker} {model}" if maker and not str(model).startswith(str(maker)) else str(model)


def _network(values: Values) -> list[str | None]:
    registration = values["registration"]
    if registration not in ("home", "roaming"):
        return [None if registration is None else f"no network: {str(registration).replace('_', ' ')}"]
    technology = values.get("access_technology")
    bands = values.get("carrier_bands")
    spoken = _TECHNOLOGIES.get(str(technology), None if technology is None else str(technology))
    return [
        values.get("operator"),
        "roaming" if registration == "roaming" else None,
        " ".join(str(part) for part in (spoken, bands) if part) or None,
        _figure(values, "signal_dbm"),
    ]


def _energy(values: Values, word: str) -> str | None:
    energy_wh = values.get(f"{word}_wh")
    return f"{energy_wh / 1000:,.1f} kWh" if energy_wh else None


def _figure(values: Values, name: str) -> str | None:
    return None if values.get(name) is None else _amount(name, values[name])


def _label(name: str) -> str:
    words, _, unit = name.rpartition("_")
    spoken = words if words and unit in _UNITS else name
    text = " ".join(_WORDS.get(word, word) for word in spoken.split("_"))
    return text[:1].upper() + text[1:]


def _amount(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    words, _, unit = name.rpartition("_")
    if not words or unit not in _UNITS:
        return str(value)
    if words.endswith("time") and unit == "s":  # a moment, not a length
        return _moment(value)
    if words.rpartition("_")[2] in ("age", "uptime"):
        return span(value / _UNITS[unit][0])
    divisor, digits, sign = _UNITS[unit]
    return f"{value:,} {sign}" if digits is None else f"{value / divisor:,.{digits}f} {sign}"


def _moment(unix_s: float) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(unix_s)  # a meter may say anything
