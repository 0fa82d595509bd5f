"""Who the modem and its operator are: one-value replies, IMEI check digit, +COPS (serial-devices 2.4)."""

import re
from dataclasses import dataclass

from skerry_firmware_bridge.cellular.fields import Plmn, at, payload, plmn, split, whole
from skerry_firmware_bridge.cellular.registration import ACCESS_TECHNOLOGIES
from skerry_firmware_bridge.cellular.replies import find_outcome
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["Operator", "ScannedOperator", "checked_imei", "imei_check_digit", "read_identity", "read_operators"]

IMEI_BODY_DIGITS = 14
NUMERIC_FORMAT = 2
SCAN_STATES = ("unknown", "available", "current", "forbidden")
# one operator of a scan; some modems close the parenthesis before the AcT, and once more behind it
_GROUP = re.compile(r'\(((?:"[^"]*"|[^()"])*)\)(?:,([0-9]{1,2})\))?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The operator in use, by name or by number."""

    name: str | None
    plmn: Plmn | None
    act: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedOperator:
    """An operator that a scan found."""

    status: str | None
    name: str
    short_name: str
    plmn: Plmn | None
    act: str | None


def read_identity(command: str, text: str) -> str | None:
    """Return the value of a one-value reply without echo; None for an error, an empty value or a bare OK.

    Only the command's exact own prefix goes: a colon inside a version is no prefix.
    """
    outcome = find_outcome(f"\r\n{text}\r\n")  # a reply that was cut at its line ends is one all the same
    if outcome is not None and outcome.final.is_error:
        return None
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip() not in ("", "OK")]
    if not lines:
        return None
    return lines[0].removeprefix(command.removeprefix("AT") + ":").strip(' "') or None


def imei_check_digit(digits: str) -> int:
    """Return the Luhn digit of an IMEI of 14 or 15 digits. Raises `FrameRejected` not_an_imei."""
    if not re.fullmatch(r"[0-9]{14,15}", digits):
        raise FrameRejected("not_an_imei", detail=f"{len(digits)} characters")
    doubled = (2 * int(digit) if index % 2 else int(digit) for index, digit in enumerate(digits[:IMEI_BODY_DIGITS]))
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def checked_imei(value: object) -> str | None:
    """Return a whole IMEI with a right check digit; anything else is no identity."""
    text = str(value)
    try:
        return text if len(text) == 15 and imei_check_digit(text) == int(text[-1]) else None
    except FrameRejected:
        return None


def read_operators(text: str) -> tuple[Operator | None, list[ScannedOperator]]:
    """Return the operator in use and those that a scan found; the two lists that end a scan are skipped.

    Some modems tear a scan over several lines, with or without their own prefix.
    """
    lines = text.splitlines()
    bodies = [(index, body) for index, line in enumerate(lines) if (body := payload(line, "+COPS")) is not None]
    first, body = bodies[0] if bodies else (0, "")
    if not body.lstrip(", ").startswith("("):
        return _current(split(body)), []
    groups = _GROUP.findall("\n".join([body, *lines[first + 1 :]]))
    return None, [_scanned([*split(group), *filter(None, [outside])]) for group, outside in groups if '"' in group]


def _current(fields: list[str]) -> Operator | None:
    name = at(fields, 2)
    if not name:
        return None
    numeric = whole(at(fields, 1)) == NUMERIC_FORMAT
    return Operator(name=None if numeric else name, plmn=plmn(name) if numeric else None, act=_act(at(fields, 3)))


def _scanned(fields: list[str]) -> ScannedOperator:
    index = whole(at(fields, 0), low=0, high=len(SCAN_STATES) - 1)
    return ScannedOperator(
        status=None if index is None else SCAN_STATES[index],
        name=at(fields, 1),
        short_name=at(fields, 2),
        plmn=plmn(at(fields, 3)),
        act=_act(at(fields, 4)),
    )


def _act(text: str) -> str | None:
    code = whole(text, low=0, high=len(ACCESS_TECHNOLOGIES) - 1)
    return None if code is None else ACCESS_TECHNOLOGIES[code]
