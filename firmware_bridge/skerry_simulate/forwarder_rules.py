"""What the sx1302 packet forwarder does with a PULL_RESP: accept, adjust, refuse, or ignore without a word.

The emulator stands on it. Facts: serial-devices 2.3, KINDS gwmp.forwarder; checked against captured answers.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind, read_json
from skerry_firmware_bridge.gwmp.packets import read_payload

__all__ = ["Concentrator", "Decision", "decide"]

WRAP_US = 1 << 32
IMMEDIATE_AHEAD_US = 80_000
TOO_LATE_US = 42_500  # start delay 1500 + margin 1000 + JIT pre-delay 40000
TOO_EARLY_US = 512_000_000
MAX_NUMBER = 1e15  # beyond it the forwarder's casts are undefined
_LORA_RATE = re.compile(r"SF\s*([0-9]{1,2})BW\s*([0-9]{1,3})")  # read like scanf does: what follows does not matter
_FACTORS, _BANDWIDTHS_KHZ = range(5, 13), (125, 250, 500)
_CODING_RATES = frozenset({"4/5", "4/6", "2/3", "4/7", "4/8", "1/2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentrator:
    """The forwarder's settings: which RF chains may send, the frequency range (Hz), the power table (dBm)."""

    tx_enabled: tuple[bool, ...] = (True, False)
    freq_min_hz: int = 150_000_000
    freq_max_hz: int = 960_000_000
    lut_dbm: tuple[int, ...] = tuple(range(0, 28))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happens: the TX_ACK to send (None = silence), and the transmission, if any."""

    answer: bytes | None
    power_dbm: int | None = None
    at_us: int | None = None
    txpk: Mapping[str, Any] | None = None
    payload: bytes = b""

    @property
    def transmitted(self) -> bool:
        return self.at_us is not None


SILENCE = Decision(answer=None)


def decide(question: Datagram, *, eui: bytes, settings: Concentrator, counter_us: int) -> Decision:
    """Return what the forwarder does with a PULL_RESP at the given counter value (empty queue, no GPS)."""
    try:
        txpk = read_json(question.body).get("txpk")
    except FrameRejected:
        return SILENCE
    if not isinstance(txpk, dict):
        return SILENCE
    immediate = txpk.get("imme") is True
    if not immediate and "tmst" not in txpk:
        return _refuse(question, eui, "GPS_UNLOCKED") if "tmms" in txpk else SILENCE
    payload = _payload(txpk)
    if payload is None or not _is_complete(txpk, settings):
        return SILENCE
    if not settings.freq_min_hz <= math.trunc(_number(txpk, "freq") * 1_000_000) <= settings.freq_max_hz:
        return _refuse(question, eui, "TX_FREQ")
    asked_dbm = math.trunc(_number(txpk, "powe"))
    power_dbm = max((step for step in settings.lut_dbm if step <= asked_dbm), default=settings.lut_dbm[0])
    at_us = (counter_us + IMMEDIATE_AHEAD_US if immediate else math.trunc(_number(txpk, "tmst"))) % WRAP_US
    ahead_us = (at_us - counter_us) % WRAP_US
    if ahead_us <= TOO_LATE_US:
        return _refuse(question, eui, "TOO_LATE")
    if ahead_us > TOO_EARLY_US and not immediate:
        return _refuse(question, eui, "TOO_EARLY")
    warning = None if power_dbm == asked_dbm else {"warn": "TX_POWER", "value": power_dbm}
    return Decision(answer=_ack(question, eui, warning), power_dbm=power_dbm, at_us=at_us, txpk=txpk, payload=payload)


def _payload(txpk: Mapping[str, Any]) -> bytes | None:
    """Return what `data` holds; the forwarder warns of base64 that it cannot read, and goes on."""
    try:
        return read_payload(txpk)
    except FrameRejected:
        return b""


def _is_complete(txpk: Mapping[str, Any], settings: Concentrator) -> bool:
    if any(name not in txpk for name in ("freq", "rfch", "size")) or not isinstance(txpk.get("modu"), str):
        return False
    chain = math.trunc(_number(txpk, "rfch"))
    if not 0 <= chain < len(settings.tx_enabled) or not settings.tx_enabled[chain]:
        return False
    rate, coding_rate = txpk.get("datr"), txpk.get("codr")
    match txpk["modu"]:
        case "LORA":
            return _is_rate(rate) and isinstance(coding_rate, str) and coding_rate in _CODING_RATES
        case "FSK":
            return "fdev" in txpk and "datr" in txpk
        case _:
            return False


def _is_rate(text: object) -> bool:
    match = _LORA_RATE.match(text) if isinstance(text, str) else None
    return match is not None and int(match[1]) in _FACTORS and int(match[2]) in _BANDWIDTHS_KHZ


def _number(txpk: Mapping[str, Any], name: str) -> float:
    """Return a member as the forwarder's JSON library does: whatever is no number counts as 0."""
    value = txpk.get(name, 0)
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER
    return value if known else 0


def _refuse(question: Datagram, eui: bytes, error: str) -> Decision:
    return Decision(answer=_ack(question, eui, {"error": error}))


def _ack(question: Datagram, eui: bytes, content: Mapping[str, Any] | None) -> bytes:
    body = b"" if content is None else json.dumps({"txpk_ack": content}, separators=(",", ":")).encode()
    return Datagram(kind=Kind.TX_ACK, token=question.token, eui=eui, body=body, version=question.version).to_bytes()
