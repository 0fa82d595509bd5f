"""Conformance kinds ble.helium.*; collected by the package's hub."""

from collections.abc import Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge.ble.messages import MESSAGES, capped_services, lights_after, read_at, status_texts
from skerry_firmware_bridge.ble.protobuf import decode, encode
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["KINDS"]


def _payload(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"fields": decode(MESSAGES[case["message"]], bytes.fromhex(case["bytes_hex"]))}
    except FrameRejected as error:
        raise CaseError(error.reason) from None


def _encode(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"bytes_hex": encode(MESSAGES[case["message"]], case["fields"]).hex()}
    except FrameRejected as error:
        raise CaseError(error.reason) from None


def _status(case: Mapping[str, Any]) -> dict[str, Any]:
    meanings, connected = status_texts(case["texts"])
    return {"kinds": [meaning.value for meaning in meanings], "connected": connected}


def _device(case: Mapping[str, Any]) -> dict[str, Any]:
    match case["operation"]:
        case "read":
            try:
                return {"bytes_hex": read_at(bytes.fromhex(case.get("value_hex") or ""), case.get("offset") or 0).hex()}
            except FrameRejected as error:
                raise CaseError(error.reason) from None
        case "lights":
            return {"lights": lights_after(case["lights"], case.get("written") or "")}
        case _:
            value, kept = capped_services(case.get("names") or [])
            return {"bytes_hex": value.hex(), "kept": kept}


KINDS = {
    "ble.helium.device": Kind(run=_device),
    "ble.helium.encode": Kind(run=_encode),
    "ble.helium.payload": Kind(run=_payload),
    "ble.helium.status": Kind(run=_status),
}
