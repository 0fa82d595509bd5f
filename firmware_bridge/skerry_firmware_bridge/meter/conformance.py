"""Conformance kinds energy.p1.*, iec62056.decode and serial.checksum; collected by the package's hub."""

from collections.abc import Callable, Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge import checksums
from skerry_firmware_bridge.decimals import plain
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.meter.iec62056 import Message, decode_message
from skerry_firmware_bridge.meter.p1 import P1Stream, check_telegram, crc_state, join_lines
from skerry_firmware_bridge.meter.p1_values import P1Reading, Peak, read_telegram

__all__ = ["KINDS"]

CHECKSUMS: dict[str, Callable[[bytes], int]] = {
    "modbus": checksums.crc16_modbus,
    "p1": checksums.crc16_arc,
    "beacon": checksums.crc16_xmodem,
    "iec_bcc": checksums.iec_bcc,
    "sum8": checksums.sum8,
    "modbus_lrc": checksums.modbus_lrc,
}


def _checksum(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": CHECKSUMS[case["name"]](bytes.fromhex(case["bytes_hex"]))}


def _p1_decode(case: Mapping[str, Any]) -> dict[str, Any]:
    text = case.get("telegram")
    raw = join_lines(case.get("lines") or []) if text is None else text.encode("latin-1")
    try:
        telegram = check_telegram(raw)
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return {
        "header": telegram.header,
        "crc": "ok" if telegram.has_crc else "absent",
        "computed": telegram.computed_crc,
    } | _reading(read_telegram(telegram))


def _reading(reading: P1Reading) -> dict[str, Any]:
    return {
        "version": reading.version,
        "time_s": reading.time_s,
        "meter_id": reading.meter_id,
        "import_kwh": dict(zip(("total", "t1", "t2"), map(plain, reading.import_kwh), strict=True)),
        "export_kwh": dict(zip(("total", "t1", "t2"), map(plain, reading.export_kwh), strict=True)),
        "tariff": reading.tariff,
        "power_kw": {"import": plain(reading.import_kw), "export": plain(reading.export_kw)},
        "phases": [
            {
                "voltage_v": plain(phase.voltage_v),
                "current_a": plain(phase.current_a),
                "import_kw": plain(phase.import_kw),
                "export_kw": plain(phase.export_kw),
                "reactive_import_kvar": plain(phase.reactive_import_kvar),
                "reactive_export_kvar": plain(phase.reactive_export_kvar),
                "sags": phase.sags,
                "swells": phase.swells,
            }
            for phase in reading.phases
        ],
        "short_failures": reading.short_failures,
        "long_failures": reading.long_failures,
        "failures": [{"end_s": failure.end_s, "seconds": failure.seconds} for failure in reading.failures],
        "message": reading.message,
        "limiter": reading.limiter and {"value": plain(reading.limiter.value), "unit": reading.limiter.unit},
        "breaker": reading.breaker,
        "fuse_a": plain(reading.fuse_a),
        "peak": reading.peak and _peak(reading.peak),
        "mbus": [
            {
                "channel": meter.channel,
                "type": meter.type,
                "id": meter.id,
                "time_s": meter.time_s,
                "value": plain(meter.value),
                "unit": meter.unit,
            }
            for meter in reading.mbus
        ],
    }


def _peak(peak: Peak) -> dict[str, Any]:
    return {
        "average_kw": plain(peak.average_kw),
        "month_kw": plain(peak.month_kw),
        "month_time_s": peak.month_time_s,
        "history": [{"time_s": time_s, "kw": plain(kw)} for time_s, kw in peak.history],
    }


def _p1_stream(case: Mapping[str, Any]) -> dict[str, Any]:
    stream = P1Stream()
    found = [raw for chunk in case["chunks"] for raw in stream.feed(chunk.encode("latin-1"))]
    return {"telegrams": [_cut(raw) for raw in found], "remainder": stream.open_bytes}


def _cut(raw: bytes) -> dict[str, Any]:
    header = raw[1:].split(b"\r\n", maxsplit=1)[0].decode("latin-1")
    return {"header": header, "bytes": len(raw), "crc": crc_state(raw)}


def _iec(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        message = decode_message(bytes.fromhex(case["bytes_hex"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return {"kind": message.kind} | _iec_fields(message)


def _iec_fields(message: Message) -> dict[str, Any]:
    data = [{"address": entry.address, "value": entry.value, "unit": entry.unit} for entry in message.data]
    match message.kind:
        case "request":
            return {"address": message.address}
        case "identification":
            return {
                "maker": message.maker,
                "baud": message.baud,
                "ident": message.ident,
                "reaction_ms": message.reaction_ms,
            }
        case "option_select":
            return {"protocol": message.protocol, "baud": message.baud, "mode": message.mode}
        case "command":
            return {"command": message.command, "data": data, "last": message.last}
        case "data" | "readout":
            return {"data": data, "last": message.last}
    return {}


KINDS = {
    "energy.p1.decode": Kind(run=_p1_decode),
    "energy.p1.stream": Kind(run=_p1_stream),
    "iec62056.decode": Kind(run=_iec),
    "serial.checksum": Kind(run=_checksum),
}
