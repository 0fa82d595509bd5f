"""Network registration replies and reports: +CREG, +CGREG, +CEREG, +C5GREG (serial-devices 2.4, "Registration")."""

import re
from dataclasses import dataclass

from skerry_firmware_bridge.cellular.fields import at

__all__ = ["ACCESS_TECHNOLOGIES", "STATES", "Registration", "is_registered", "read_registrations"]

STATES = (
    "not_searching",
    "home",
    "searching",
    "denied",
    "unknown",
    "roaming",
    "home_sms_only",
    "roaming_sms_only",
    "emergency_only",
    "home_csfb_not_preferred",
    "roaming_csfb_not_preferred",
    "attached_rlos",
)
ACCESS_TECHNOLOGIES = (
    "gsm",
    "gsm_compact",
    "utran",
    "edge",
    "hsdpa",
    "hsupa",
    "hspa",
    "lte",
    "ec_gsm_iot",
    "nb_iot",
    "eutra_5gc",
    "nr_5gc",
    "ng_ran",
    "en_dc",
)
_RECORD = re.compile(r"^\s*\+(CREG|CGREG|CEREG|C5GREG):(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One record. `tac` and `cell_id` are None when the modem does not say."""

    command: str
    stat: str | None
    stat_code: int
    tac: int | None
    cell_id: int | None
    act: str | None
    act_code: int | None


def is_registered(record: Registration) -> bool:
    """Tell whether the record means registered, at home or roaming."""
    return record.stat_code in (1, 5, 6, 7, 9, 10)


def read_registrations(text: str, *, solicited: bool) -> list[Registration]:
    """Return one record per registration line; `solicited` = the answer to a query, which starts with the mode <n>."""
    records = []
    for match in _RECORD.finditer(text.replace("\r", "\n")):
        fields = [field.strip(' "') for field in match[2].split(",")]  # no field has a comma of its own
        record = _record(match[1].lower(), fields, solicited=solicited)
        if record is not None:
            records.append(record)
    return records


def _record(command: str, fields: list[str], *, solicited: bool) -> Registration | None:
    if solicited or _long_form(fields):
        fields = fields[1:]
    untrusted_stat = at(fields, 0)
    if not re.fullmatch(r"[0-9]{1,9}", untrusted_stat):
        return None
    stat_code = int(untrusted_stat)
    # some modems put a routing area between area and cell
    cell_at = 3 if _act(at(fields, 3)) is None and _act(at(fields, 4)) is not None else 2
    act_code = _act(at(fields, cell_at + 1))
    return Registration(
        command=command,
        stat=STATES[stat_code] if stat_code < len(STATES) else None,
        stat_code=stat_code,
        tac=_hex_digits(at(fields, 1)),
        cell_id=_hex_digits(at(fields, cell_at)),
        act=None if act_code is None else ACCESS_TECHNOLOGIES[act_code],
        act_code=act_code,
    )


def _long_form(fields: list[str]) -> bool:
    """Some devices send <n> unasked: then the fourth field is no AcT and the second is a state."""
    second = at(fields, 1)
    return (
        len(fields) >= 4
        and _act(fields[3]) is None
        and re.fullmatch(r"[0-9]{1,2}", second) is not None
        and int(second) < len(STATES)
    )


def _act(text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        return None
    return int(text) if int(text) < len(ACCESS_TECHNOLOGIES) else None


def _hex_digits(text: str) -> int | None:
    match = re.match(r"[0-9A-Fa-f]{1,16}", text)
    return int(match[0], 16) if match else None
