"""Conformance kinds serial.at.*; collected by the package's hub."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge.cellular.carriers import read_carriers, read_networks
from skerry_firmware_bridge.cellular.cells import read_cells
from skerry_firmware_bridge.cellular.fields import Plmn, nr_band
from skerry_firmware_bridge.cellular.identity import IMEI_BODY_DIGITS, imei_check_digit, read_identity, read_operators
from skerry_firmware_bridge.cellular.registration import read_registrations
from skerry_firmware_bridge.cellular.replies import find_outcome, read_transcript, strip_echo
from skerry_firmware_bridge.cellular.signal import read_signals, read_temperatures
from skerry_firmware_bridge.decimals import plain
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["KINDS"]


def _fields(record: Any) -> Any:
    """Return a message as JSON: decimals as text."""
    return _json(asdict(record))


def _json(value: Any) -> Any:
    match value:
        case Decimal():
            return plain(value)
        case dict():
            return {name: _json(member) for name, member in value.items()}
        case list() | tuple():
            return [_json(member) for member in value]
    return value


def _echo(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": strip_echo(case["text"])}


def _final(case: Mapping[str, Any]) -> dict[str, Any]:
    outcome = find_outcome(case["text"])
    if outcome is None:
        return {"final": None, "error": False, "code": None, "text": None}
    final = outcome.final
    return {"final": final.value, "error": final.is_error, "code": outcome.code, "text": outcome.text}


def _transcript(case: Mapping[str, Any]) -> dict[str, Any]:
    transcript = read_transcript(case["command"], "".join(case["chunks"]))
    if transcript is None:
        return {"final": None, "code": None, "lines": [], "urcs": []}
    outcome = transcript.outcome
    lines, urcs = list(transcript.lines), list(transcript.urcs)
    return {"final": outcome.final.value, "code": outcome.code, "lines": lines, "urcs": urcs}


def _registration(case: Mapping[str, Any]) -> dict[str, Any]:
    records = read_registrations(case["text"], solicited=case["solicited"])
    return {"records": [_fields(record) for record in records]}


def _signal(case: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "records": [
            {"command": type(record).__name__.lower()} | _fields(record) for record in read_signals(case["lines"])
        ]
    }


def _temperature(case: Mapping[str, Any]) -> dict[str, Any]:
    read = read_temperatures(case["lines"])
    sensors = [{"sensor": name, "celsius": celsius} for name, celsius in read.sensors]
    return {"sensors": sensors, "plain": None if read.plain is None else list(read.plain)}


def _network_info(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"records": [_fields(network) for network in read_networks(case["lines"])]}


def _cells(case: Mapping[str, Any]) -> dict[str, Any]:
    cells = read_cells(case["lines"])
    return {
        "state": cells.state,
        "mode": cells.mode,
        "lte": cells.lte and _fields(cells.lte),
        "nr": cells.nr and _fields(cells.nr),
        "neighbours": [_fields(neighbour) for neighbour in cells.neighbours],
    }


def _nr_band(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"band": nr_band(case.get("arfcn"))}


def _carriers(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"carriers": [_fields(carrier) for carrier in read_carriers(case["lines"])]}


def _identity(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": read_identity(case["command"], case["text"])}


def _imei(case: Mapping[str, Any]) -> dict[str, Any]:
    digits = case["digits"]
    try:
        check_digit = imei_check_digit(digits)
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    complete = len(digits) > IMEI_BODY_DIGITS
    return {"check_digit": check_digit, "valid": int(digits[-1]) == check_digit if complete else None}


def _operator(case: Mapping[str, Any]) -> dict[str, Any]:
    current, found = read_operators(case["text"])
    return {
        "current": current and {"name": current.name, "plmn": _plmn(current.plmn), "act": current.act},
        "found": [_fields(operator) | {"plmn": _plmn(operator.plmn)} for operator in found],
    }


def _plmn(value: Plmn | None) -> dict[str, str] | None:
    return None if value is None else {"mcc": value[0], "mnc": value[1]}


KINDS = {
    "serial.at.carriers": Kind(run=_carriers),
    "serial.at.cells": Kind(run=_cells),
    "serial.at.echo": Kind(run=_echo),
    "serial.at.final": Kind(run=_final),
    "serial.at.identity": Kind(run=_identity),
    "serial.at.imei": Kind(run=_imei),
    "serial.at.network_info": Kind(run=_network_info),
    "serial.at.nr_band": Kind(run=_nr_band),
    "serial.at.operator": Kind(run=_operator),
    "serial.at.registration": Kind(run=_registration),
    "serial.at.signal": Kind(run=_signal),
    "serial.at.temperature": Kind(run=_temperature),
    "serial.at.transcript": Kind(run=_transcript),
}
