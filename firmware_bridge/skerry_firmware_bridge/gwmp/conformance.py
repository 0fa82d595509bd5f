"""The gwmp.* conformance kinds of this package; gwmp.forwarder is in `skerry_simulate.conformance`."""

import math
import struct
from collections.abc import Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind, equal
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp import datagram, downlink, packets, strict
from skerry_radio.errors import RadioRefused
from skerry_radio.lora import Datarate
from skerry_wire.frames import Crc, TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.lorawan import FrameClass, beacon_data, classify

__all__ = ["KINDS"]

_CRC_NAMES = {Crc.OK: "ok", Crc.FAILED: "bad", Crc.DISABLED: "none"}
_DOWNLINK_NAMES = {
    "rf_chain": "rfch", "power_dbm": "powe", "coding_rate": "codr", "invert": "ipol", "preamble": "prea",
    "deviation_hz": "fdev", "no_crc": "ncrc", "no_header": "nhdr", "gps_ms": "tmms",
}  # fmt: skip


def _decode(case: Mapping[str, Any]) -> dict[str, Any]:
    parts = _datagram(case)
    try:
        content = strict.read_strictly(parts)
    except FrameRejected as error:
        raise CaseError(error.reason) from error
    return _header(parts) | {"json": content}


def _header(parts: datagram.Datagram) -> dict[str, Any]:
    return {
        "type": parts.kind.name.lower(),
        "token": parts.token,
        "mac_hex": None if parts.eui is None else parts.eui.hex(),
    }


def _datagram(case: Mapping[str, Any]) -> datagram.Datagram:
    try:
        return datagram.Datagram.from_bytes(bytes.fromhex(case["datagram_hex"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from error


def _encode(case: Mapping[str, Any]) -> dict[str, Any]:
    kind = datagram.Kind[case["type"].upper()]
    eui = bytes.fromhex(case["mac_hex"]) if case.get("mac_hex") else None
    body: bytes | None = None
    if kind is datagram.Kind.PULL_RESP:
        txpk = case["txpk"]
        body = downlink.request_json(
            TransmitRequest(
                phy=bytes.fromhex(txpk["payload_hex"]),
                frequency_hz=txpk["frequency_hz"],
                datarate=txpk["datarate"],
                power_dbm=txpk["power_dbm"],
                inverted_polarity=txpk["ipol"],
                tmst_us=txpk.get("tmst"),
            )
        )
    elif kind is datagram.Kind.TX_ACK:
        result = case["result"]
        body = downlink.ack_json(
            TransmitOutcome(
                status=TransmitStatus(result["status"]),
                reason=result.get("reason"),
                tmst_us=result.get("tmst"),
                power_dbm=result.get("power_dbm"),
            )
        )
    header = datagram.Datagram(kind=kind, token=case["token"], eui=eui).to_bytes()
    return {"header_hex": header.hex(), "json": None if body is None else datagram.read_json(body)}


def _rxpk(case: Mapping[str, Any]) -> dict[str, Any]:
    rxpk = case["rxpk"]
    rssi_dbm, snr_db = packets.chosen_signal(rxpk)
    phy = packets.read_payload(rxpk) or b""
    crc = {1: Crc.OK, 0: Crc.DISABLED}.get(rxpk["stat"], Crc.FAILED)
    rate = str(rxpk["datr"])
    kind = _class(phy, crc, rate, region_known=case["region_known"])
    data = beacon_data(phy) if kind == "beacon" else None
    values: tuple[int | None, int | None] = (None, None)
    if data is not None and rssi_dbm is not None and snr_db is not None:
        values = (rssi_dbm * 10, math.trunc(_single(_single(snr_db) * 10)))
    return {
        "version": 1 if strict.is_first_form(rxpk) or "rsig" not in rxpk else 2,
        "tmst": rxpk["tmst"],
        "frequency_hz": packets.hz_from_mhz(rxpk["freq"]),
        "datarate": rate,
        "payload_hex": phy.hex(),
        "coding_rate": None if rxpk.get("codr") == "OFF" else rxpk.get("codr"),
        "crc": crc.value,
        "rssi_dbm": rssi_dbm,
        "snr_db": snr_db,
        "class": kind,
        "beacon_data_hex": None if data is None else data.hex(),
        "signal_ddbm": values[0],
        "snr_ddb": values[1],
    }


def _class(phy: bytes, crc: Crc, rate: str, *, region_known: bool) -> str:
    """Return what a gateway makes of a packet: the first that applies (iot-poc 2.1)."""
    if crc is not Crc.OK:
        return "dropped_crc"
    try:
        Datarate.parse(rate)
    except RadioRefused:
        return "dropped_datarate"
    kind = classify(phy)
    return kind.value if region_known or kind is FrameClass.IGNORED else "no_region"


def _single(value: float) -> float:
    """Round to single precision, in which the gateway computes."""
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _txpk(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        read = strict.read_downlink(case["txpk"])
    except FrameRejected as error:
        raise CaseError(error.reason) from error
    return {
        "immediate": read.immediate,
        "tmst": read.tmst,
        "tmms": read.tmms,
        "freq_mhz": read.freq_mhz,
        "power_dbm": read.power_dbm,
        "datarate": read.datarate,
        "coding_rate": read.coding_rate,
        "ipol": read.inverted_polarity,
        "payload_hex": read.payload.hex(),
        "size": read.size,
    }


def _tx_ack(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        body = case["body"].encode("utf-8", "surrogatepass")
        outcome = downlink.read_ack(body if body == b"\0" else strict.without_nul(body))
    except FrameRejected as error:
        raise CaseError(error.reason) from error
    return {
        "status": outcome.status.value,
        "reason": outcome.reason,
        "tmst": outcome.tmst_us,
        "power_dbm": outcome.power_dbm,
    }


def _frequency(case: Mapping[str, Any]) -> dict[str, Any]:
    if case.get("mhz") is not None:
        return {"hz": packets.hz_from_mhz(case["mhz"])}
    return {"mhz": packets.mhz_from_hz(case["hz"])}


def _captured(case: Mapping[str, Any]) -> dict[str, Any]:
    parts = _datagram(case)
    out: dict[str, Any] = {"version": parts.version} | _header(parts)
    out |= {"packets": None, "status": None, "downlink": None, "ack": None}
    try:
        match parts.kind:
            case datagram.Kind.PUSH_DATA:
                out |= _captured_push(parts)
            case datagram.Kind.PULL_RESP:
                out["downlink"] = _captured_downlink(datagram.read_json(_at_least(parts.body, 1)))
            case datagram.Kind.TX_ACK:
                out["ack"] = _captured_ack(parts.body)
    except FrameRejected as error:
        raise CaseError(error.reason) from error
    return out


def _captured_push(parts: datagram.Datagram) -> dict[str, Any]:
    if parts.version == 1 and not parts.body.rstrip(b"\0"):
        return {}
    content = datagram.read_json(_at_least(parts.body, 2 if parts.version == 2 else 1))
    found = []
    received = content.get("rxpk", [])
    if received is not None and not isinstance(received, list):
        raise FrameRejected("invalid_json", detail="rxpk is no list")
    for rxpk in received or []:
        try:
            found += [_packet(packet) for packet in packets.read_packets(rxpk)] if isinstance(rxpk, dict) else []
        except FrameRejected:
            continue  # a bad packet never costs its neighbours
    stat = content.get("stat")
    return {"packets": found, "status": packets.read_status(stat) if isinstance(stat, dict) else None}


def _at_least(body: bytes, size: int) -> bytes:
    if len(body) < size:
        raise FrameRejected("invalid_length", detail=f"{len(body)} bytes of JSON")
    return body


def _packet(packet: packets.Packet) -> dict[str, Any]:
    names = (
        "tmst", "gps_ms", "time", "frequency_hz", "modulation", "datarate", "bit_rate", "coding_rate", "channel",
        "rf_chain", "antenna", "rssi_dbm", "signal_rssi_dbm", "snr_db", "offset_hz",
    )  # fmt: skip
    return {name: getattr(packet, name) for name in names} | {
        "crc": None if packet.crc is None else _CRC_NAMES[packet.crc],
        "payload_hex": None if packet.payload is None else packet.payload.hex(),
    }


def _captured_downlink(content: Mapping[str, Any]) -> dict[str, Any] | None:
    txpk = content.get("txpk")
    if not isinstance(txpk, dict):
        return None
    immediate, rate, mhz, modulation = (txpk.get(name) for name in ("imme", "datr", "freq", "modu"))
    payload = packets.read_payload(txpk)
    return {name: txpk.get(member) for name, member in _DOWNLINK_NAMES.items()} | {
        "immediate": immediate is True,
        "tmst": None if immediate is True else _whole(txpk.get("tmst")),
        "frequency_hz": _hz(mhz),
        "modulation": packets.MODULATIONS.get(modulation) if isinstance(modulation, str) else None,
        "datarate": rate if isinstance(rate, str) else None,
        "bit_rate": _whole(rate),
        "payload_hex": None if payload is None else payload.hex(),
    }


def _hz(mhz: object) -> int | None:
    if isinstance(mhz, bool) or not isinstance(mhz, int | float) or abs(mhz) >= packets.MAX_NUMBER:
        return None
    return round(mhz * 1_000_000)


def _whole(value: object) -> int | None:
    """Return a whole number however it is written, None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _captured_ack(body: bytes) -> dict[str, Any]:
    content = datagram.read_json(body) if body.rstrip(b"\0") else {}
    ack = content.get("txpk_ack")
    members: Mapping[str, Any] = ack if isinstance(ack, dict) else {}
    error, warning = members.get("error"), members.get("warn")
    return {
        "error": None if error in (None, "", "NONE") else str(error).lower(),
        "warn": None if warning in (None, "", "NONE") else str(warning).lower(),
        "value": _whole(members.get("value")),
    }


def _timing(case: Mapping[str, Any]) -> dict[str, Any]:
    tmst, delay_us, gps_ms = case.get("tmst"), case.get("delay_us"), case.get("tmms")
    gps_s = None if gps_ms is None else packets.gps_seconds(gps_ms, case.get("ftime_ns"))
    text = None if gps_s is None else format(gps_s, "f")
    return {
        "context_hex": None if tmst is None else packets.uplink_context(tmst).hex(),
        "downlink_tmst": None if tmst is None or delay_us is None else packets.downlink_tmst(tmst, delay_us),
        "gps_s": text.rstrip("0").rstrip(".") if text and "." in text else text,
    }


def _answer(case: Mapping[str, Any]) -> dict[str, Any]:
    answer = datagram.acknowledgement(bytes.fromhex(case["datagram_hex"]))
    return {"datagram_hex": None if answer is None else answer.hex()}


def _same_json(expected: Any, got: Any) -> bool:
    """Compare objects that stand for JSON on the wire: numbers by value, a null member equals a missing one."""
    return equal(_by_value(expected), _by_value(got))


def _by_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _by_value(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_by_value(member) for member in value]
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


KINDS: dict[str, Kind] = {
    "gwmp.decode": Kind(run=_decode, same=_same_json),
    "gwmp.encode": Kind(run=_encode, same=_same_json),
    "gwmp.rxpk": Kind(run=_rxpk),
    "gwmp.txpk": Kind(run=_txpk),
    "gwmp.tx_ack": Kind(run=_tx_ack),
    "gwmp.frequency": Kind(run=_frequency),
    "gwmp.captured": Kind(run=_captured),
    "gwmp.timing": Kind(run=_timing),
    "gwmp.answer": Kind(run=_answer),
}
