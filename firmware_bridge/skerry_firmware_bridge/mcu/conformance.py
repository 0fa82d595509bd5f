"""Conformance kinds serial.sx1302.* and serial.picogw.*; collected by the package's hub."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge.decimals import plain
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.mcu import picogw, sx1302

__all__ = ["KINDS"]


def _sx1302_request(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"frame_hex": sx1302.encode_request(_request(case)).hex()}
    except FrameRejected as error:
        raise CaseError(error.reason) from None


def _sx1302_answer(case: Mapping[str, Any]) -> dict[str, Any]:
    request = _request(case["request"])
    try:
        answer = sx1302.decode_answer(request, bytes.fromhex("".join(case["chunks_hex"])))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    out: dict[str, Any] = {"rest_bytes": answer.rest_bytes}
    if answer.unique_id is not None and answer.version is not None:
        out |= {"unique_id_hex": answer.unique_id.hex(), "version": answer.version}
        out["version_ok"] = sx1302.expected_version(answer.version)
    if answer.uptime_ms is not None:
        out |= {"uptime_ms": answer.uptime_ms, "temperature_c": plain(answer.temperature_c)}
    if answer.status is not None:
        out["status"] = answer.status
    if answer.spi is not None:
        out["spi"] = [_spi_out(entry) for entry in answer.spi]
    return out


def _request(case: Mapping[str, Any]) -> sx1302.Request:
    command = sx1302.Command[case["command"].upper()]
    if command is sx1302.Command.GPIO:
        pin = case["gpio"]
        return sx1302.gpio(case["id"], port=pin["port"], pin=pin["pin"], state=pin["state"])
    payload = bytes([case.get("reset_type") or 0]) if command is sx1302.Command.RESET else b""
    entries = tuple(_spi(entry) for entry in case.get("spi") or ()) if command is sx1302.Command.SPI else ()
    return sx1302.Request(id=case["id"], command=command, payload=payload, spi=entries)


def _spi(entry: Mapping[str, Any]) -> sx1302.Spi:
    return sx1302.Spi(
        id=entry["id"],
        kind=sx1302.SpiKind(entry["kind"]),
        target=int(entry.get("target") == "sx1261"),
        mux=entry.get("mux", 0),
        address=entry.get("address", 0),
        data=bytes.fromhex(entry.get("bytes_hex") or entry.get("data_hex") or ""),
        count=entry.get("count", 0),
        mask=entry.get("mask", 0),
        value=entry.get("value", 0),
    )


def _spi_out(answer: sx1302.SpiAnswer) -> dict[str, Any]:
    if answer.old is not None:
        return {"id": answer.id, "old": answer.old, "new": answer.new}
    out = {"id": answer.id, "bytes_hex": answer.clocked.hex()}
    return out if answer.data is None else out | {"data_hex": answer.data.hex()}


def _picogw_request(case: Mapping[str, Any]) -> dict[str, Any]:
    command = picogw.Command[case["command"].upper()]
    data = bytes.fromhex(case["data_hex"])
    return {"frame_hex": picogw.encode_request(command, address=case["address"], data=data).hex()}


def _picogw_answer(case: Mapping[str, Any]) -> dict[str, Any]:
    command = picogw.Command[case["command"].upper()]
    try:
        answer = picogw.decode_answer(command, bytes.fromhex("".join(case["chunks_hex"])))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return {"data_hex": answer.data.hex(), "padding": answer.padding, "rest_bytes": answer.rest_bytes}


def _picogw_packets(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        packets = picogw.decode_packets(bytes.fromhex(case["data_hex"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    out = []
    for packet in packets:
        fields = asdict(packet)
        fields["payload_hex"] = fields.pop("payload").hex()
        out.append(fields)
    return {"packets": out}


KINDS = {
    "serial.picogw.answer": Kind(run=_picogw_answer),
    "serial.picogw.packets": Kind(run=_picogw_packets),
    "serial.picogw.request": Kind(run=_picogw_request),
    "serial.sx1302.answer": Kind(run=_sx1302_answer),
    "serial.sx1302.request": Kind(run=_sx1302_request),
}
