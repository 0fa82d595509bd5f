"""What a server asks a gateway to send (`txpk`) and what became of it (`txpk_ack`), both ways.

The session writes txpk and reads txpk_ack; emulators of forwarders do the opposite.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.packets import read_payload
from skerry_wire.errors import MessageRejected
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.tx_ack import parse_tx_ack

__all__ = ["Downlink", "ack_json", "read_ack", "request_json"]

MAX_BODY_BYTES = 996  # the forwarder's receive buffer holds 1000 bytes, terminating NUL and header included
CODING_RATES = ("4/5", "4/6", "4/7", "4/8")
_SPELLED = {"send_lbt": "SEND_L_B_T"}  # the only spelling that gateway-rs understands


def request_json(request: TransmitRequest) -> bytes:
    """Return the body of a PULL_RESP, in the order and with the members that gateway-rs uses (iot-poc 1.4).

    `brd` and `ant` are left out: some forwarders choke on their zeros. Raises `ValueError` when no forwarder could
    take it.
    """
    txpk: dict[str, Any] = {
        "imme": request.tmst_us is None,
        "freq": request.frequency_hz / 1_000_000,
        "rfch": 0,
        "powe": request.power_dbm,
        "modu": "LORA",
        "datr": request.datarate,
        "codr": "4/5",
        "ipol": request.inverted_polarity,
        "data": base64.b64encode(request.phy).decode(),
        "size": len(request.phy),
    }
    if request.tmst_us is not None:
        txpk["tmst"] = request.tmst_us
    body = json.dumps({"txpk": txpk}, separators=(",", ":")).encode()
    if len(body) >= MAX_BODY_BYTES:
        raise ValueError(f"a PULL_RESP body has less than {MAX_BODY_BYTES} bytes, this one {len(body)}")
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Downlink:
    """A `txpk` object, read strictly; `size` is as stated, it need not agree with the payload."""

    immediate: bool
    tmst: int | None
    tmms: int | None
    freq_mhz: float
    power_dbm: int
    datarate: str
    coding_rate: str | None
    inverted_polarity: bool
    payload: bytes
    size: int

    @classmethod
    def from_json(cls, txpk: Mapping[str, Any]) -> "Downlink":
        """Read a txpk object. Raises `FrameRejected("invalid_json")` for a missing member or one of a wrong kind."""
        rate = _member(txpk, "codr", str)
        if rate not in (*CODING_RATES, "OFF"):
            raise FrameRejected("invalid_json", detail=f"codr {rate!r}")
        if _member(txpk, "modu", str) not in {"LORA", "FSK"}:
            raise FrameRejected("invalid_json", detail=f"modu {txpk['modu']!r}")
        payload = read_payload({"data": _member(txpk, "data", str)})
        return cls(
            immediate=_member(txpk, "imme", bool),
            tmst=_time(txpk, "tmst"),
            tmms=_time(txpk, "tmms"),
            freq_mhz=_member(txpk, "freq", float),
            power_dbm=_member(txpk, "powe", int),
            datarate=_member(txpk, "datr", str),
            coding_rate=None if rate == "OFF" else rate,
            inverted_polarity=_member(txpk, "ipol", bool),
            payload=payload or b"",
            size=_member(txpk, "size", int),
        )


def _member(txpk: Mapping[str, Any], name: str, kind: type) -> Any:
    value = txpk.get(name)
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise FrameRejected("invalid_json", detail=f"{name} is missing or no {kind.__name__}")
    return value


def _time(txpk: Mapping[str, Any], name: str) -> int | None:
    value = txpk.get(name)
    if value is None or value == "immediate":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise FrameRejected("invalid_json", detail=f"{name} is no 32-bit number")
    return value


def read_ack(body: bytes) -> TransmitOutcome:
    """Return the outcome that the bytes after a TX_ACK's EUI tell. Raises `FrameRejected("invalid_json")`."""
    try:
        return parse_tx_ack(body)
    except MessageRejected as error:
        raise FrameRejected("invalid_json", detail=str(error), frame=body) from None


def ack_json(outcome: TransmitOutcome) -> bytes:
    """Return the body of a TX_ACK that tells `outcome`, with error NONE for success."""
    match outcome.status:
        case TransmitStatus.SENT:
            ack: dict[str, Any] = {"error": "NONE"}
        case TransmitStatus.ADJUSTED:
            ack = {"warn": "TX_POWER", "value": outcome.power_dbm}
        case TransmitStatus.FAILED:
            reason = outcome.reason or "unknown"
            ack = {"error": _SPELLED.get(reason, reason.upper())}
    if outcome.tmst_us is not None:
        ack["tmst"] = outcome.tmst_us
    return json.dumps({"txpk_ack": ack}, separators=(",", ":")).encode()
