"""The JSON body of a GWMP TX_ACK as a transmit outcome; the beacon rules and the packet forwarder's driver read it."""

from typing import Any

from skerry_core.strict_json import JsonRejected, loads
from skerry_wire.errors import MessageRejected
from skerry_wire.frames import TransmitOutcome, TransmitStatus

__all__ = ["parse_tx_ack"]

_REASONS = {
    "TOO_LATE": "too_late",
    "TOO_EARLY": "too_early",
    "COLLISION_PACKET": "collision_packet",
    "COLLISION_BEACON": "collision_beacon",
    "TX_FREQ": "tx_freq",
    "TX_POWER": "tx_power",
    "GPS_UNLOCKED": "gps_unlocked",
    "SEND_FAIL": "send_fail",
    "SEND_LBT": "send_lbt",
    "SEND_L_B_T": "send_lbt",  # semtech-udp writes the abbreviation letter by letter
    "LBT": "send_lbt",
}
_NO_ERROR = ("", "NONE")
_U32 = 1 << 32
MAX_BODY_BYTES = 65_507  # the largest UDP payload


def parse_tx_ack(body: bytes) -> TransmitOutcome:
    """Read the bytes after the MAC (iot-poc 5.1). Raises `MessageRejected` bad_field or not_json.

    Nothing but NULs is success; so are an acknowledgement without members, an empty error and NONE. `warn` TX_POWER
    means sent with the power in `value` (None when the gateway does not say), unless an error stands beside it; any
    other warning is a failure, and so is `error` TX_POWER.
    """
    text = body.rstrip(b"\x00")
    if not text:
        return TransmitOutcome(status=TransmitStatus.SENT)
    try:
        document = loads(text, limit_bytes=MAX_BODY_BYTES)
    except JsonRejected as error:
        raise MessageRejected("not_json", str(error)) from None
    ack = document.get("txpk_ack") if isinstance(document, dict) else None
    if not isinstance(ack, dict):
        raise MessageRejected("bad_field", "txpk_ack is missing")
    tmst = _integer(ack, "tmst", low=0, high=_U32)
    warning, error_name = _text(ack, "warn"), _text(ack, "error")
    if warning == "TX_POWER" and error_name in _NO_ERROR:
        power = _integer(ack, "value", low=-1000, high=1000)
        return TransmitOutcome(status=TransmitStatus.ADJUSTED, power_dbm=power, tmst_us=tmst)
    problem = next((name for name in (error_name, warning) if name not in _NO_ERROR), None)
    if problem is None:
        return TransmitOutcome(status=TransmitStatus.SENT, tmst_us=tmst)
    if problem not in _REASONS:
        raise MessageRejected("bad_field", f"unknown outcome {problem!r}")
    return TransmitOutcome(status=TransmitStatus.FAILED, reason=_REASONS[problem])


def _text(ack: dict[str, Any], name: str) -> str:
    value = ack.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MessageRejected("bad_field", f"{name} is text")
    return value


def _integer(ack: dict[str, Any], name: str, *, low: int, high: int) -> int | None:
    value = ack.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
        raise MessageRejected("bad_field", f"{name} is an integer from {low} to {high - 1}")
    return value
