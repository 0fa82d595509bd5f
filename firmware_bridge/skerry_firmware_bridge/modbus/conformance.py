"""Conformance kinds modbus.*; collected by the package's hub."""

from collections.abc import Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.frames import (
    Frame,
    Request,
    Role,
    decode_ascii,
    decode_rtu,
    decode_tcp,
    encode,
    split_requests,
)

__all__ = ["KINDS"]


def _rtu(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        frame = decode_rtu(bytes.fromhex(case["bytes_hex"]), Role(case["role"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return _out(frame) | {"rest_bytes": frame.rest_bytes}


def _tcp(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        frame = decode_tcp(bytes.fromhex(case["bytes_hex"]), Role(case["role"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return _out(frame) | {"rest_bytes": frame.rest_bytes, "transaction": frame.transaction}


def _ascii(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _out(decode_ascii(case["text"], Role(case["role"])))
    except FrameRejected as error:
        raise CaseError(error.reason) from None


def _encode(case: Mapping[str, Any]) -> dict[str, Any]:
    request = Request(
        device=case["device"],
        function=case["function"],
        address=case["address"],
        count=case.get("count"),
        registers=tuple(case.get("registers") or ()),
    )
    try:
        raw = encode(request, transport=case["transport"], transaction=case.get("transaction") or 0)
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return {"bytes_hex": raw.hex()}


def _split(case: Mapping[str, Any]) -> dict[str, Any]:
    parts = split_requests(write=case["operation"] == "write", address=case["address"], count=case["count"])
    return {"requests": [list(part) for part in parts]}


def _out(frame: Frame) -> dict[str, Any]:
    return {
        "device": frame.device,
        "function": frame.function,
        "exception": frame.exception,
        "address": frame.address,
        "count": frame.count,
        "registers": None if frame.registers is None else list(frame.registers),
        "bits_hex": None if frame.bits is None else frame.bits.hex(),
    }


KINDS = {
    "modbus.ascii": Kind(run=_ascii),
    "modbus.encode": Kind(run=_encode),
    "modbus.rtu": Kind(run=_rtu),
    "modbus.split": Kind(run=_split),
    "modbus.tcp": Kind(run=_tcp),
}
