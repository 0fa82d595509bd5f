"""Messages of the LoRaWAN backend interfaces as Helium's packet router speaks them.

Pure. Uplinks go out as PRStartReq; downlinks come in the PRStartAns (join accepts) or as XmitDataReq.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from skerry_firmware_bridge.gwmp.packets import hz_from_mhz, mhz_from_hz
from skerry_keys.lns_mac import lns_mac
from skerry_keys.public_key import PublicKey
from skerry_oracle.router.data_rates import datarate_name, datarate_number
from skerry_oracle.router.roaming_errors import RoamingRejected
from skerry_oracle.router.roaming_token import UplinkToken
from skerry_wire.generated.data_rate_pb2 import data_rate
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, packet_router_packet_up_v1, window_v1
from skerry_wire.generated.region_pb2 import region
from skerry_wire.lorawan import RouterJoin, RouterUplink, packet_type

__all__ = ["SENDER_ID", "Copy", "RoamingDownlink", "best_copy", "prstart_req", "read_downlink", "xmit_data_ans"]

SENDER_ID = "0xC00053"  # the NetID under which Helium's router roams
_VERSION = "1.0"
_JOIN_DELAY_S = 5  # the first receive window of a join; the second is a second later
_COUNTER_WRAP = 1 << 32
_MAX_PHY_BYTES = 255
_MAX_DELAY_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One hotspot's copy of an uplink and when it came to us (Unix milliseconds)."""

    packet: packet_router_packet_up_v1
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingDownlink:
    """A downlink and the hotspot that is to send it; `frequency_mhz` names the window in the answer."""

    gateway: bytes
    packet: packet_router_packet_down_v1
    frequency: tuple[str, float]


def best_copy(copies: Sequence[Copy]) -> Copy:
    """Return the copy with the strongest signal; the first of equals."""
    return max(copies, key=lambda copy: copy.packet.rssi)


def prstart_req(
    copies: Sequence[Copy], *, net_id: int, transaction: int, dedupe_ms: int, receiver_nsid: str, secret: bytes
) -> dict[str, Any]:
    """Return the message for all copies of one uplink. Raises `RoamingRejected` for a data rate without a number."""
    best = best_copy(copies)
    packet = best.packet
    name, rate = _names(packet)
    token = UplinkToken(gateway=packet.gateway, region=name, tmst_us=packet.timestamp % _COUNTER_WRAP)
    message = {
        "ProtocolVersion": _VERSION,
        "SenderID": SENDER_ID,
        "ReceiverID": f"0x{net_id:06X}",
        "TransactionID": transaction,
        "MessageType": "PRStartReq",
        "DedupWindowSize": dedupe_ms,
        "PHYPayload": _hex(packet.payload),
        "ULMetaData": {
            **_device(packet.payload),
            "DataRate": datarate_number(name, rate),
            "ULFreq": mhz_from_hz(packet.frequency),
            "RecvTime": _time(best.received_ms),
            "RFRegion": name,
            "FNSULToken": token.to_text(secret),
            "GWCnt": len(copies),
            "GWInfo": [_gateway(copy.packet) for copy in copies],
        },
    }
    return message | ({"ReceiverNSID": f"0x{receiver_nsid}"} if receiver_nsid else {})


def read_downlink(message: Any, *, secret: bytes) -> RoamingDownlink | None:
    """Return the downlink of a PRStartAns or XmitDataReq; None when it brings none. Raises `RoamingRejected`."""
    try:
        match message["MessageType"]:
            case "PRStartAns":
                return _of_answer(message, secret)
            case "XmitDataReq":
                return _of_request(message, secret)
            case other:
                raise RoamingRejected("unsupported", f"message {other!r}")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RoamingRejected("malformed", f"{type(error).__name__} {error}") from None


def xmit_data_ans(message: dict[str, Any], downlink: RoamingDownlink) -> dict[str, Any]:
    """Return the answer to an XmitDataReq that was handed to its hotspot."""
    name, frequency_mhz = downlink.frequency
    return {
        "ProtocolVersion": message.get("ProtocolVersion", _VERSION),
        "MessageType": "XmitDataAns",
        "SenderID": SENDER_ID,
        "ReceiverID": message.get("SenderID"),
        "TransactionID": message.get("TransactionID"),
        "Result": {"ResultCode": "Success"},
        name: frequency_mhz,
    }


def _of_answer(message: dict[str, Any], secret: bytes) -> RoamingDownlink | None:
    if message["Result"]["ResultCode"] != "Success" or "DLMetaData" not in message or "PHYPayload" not in message:
        return None
    return _downlink(message, secret, delay_s=_JOIN_DELAY_S)


def _of_request(message: dict[str, Any], secret: bytes) -> RoamingDownlink:
    delay_s = message["DLMetaData"].get("RXDelay1", 1)
    if not isinstance(delay_s, int) or isinstance(delay_s, bool) or not 0 <= delay_s <= _MAX_DELAY_S:
        raise ValueError("RXDelay1")
    return _downlink(message, secret, delay_s=max(1, delay_s))  # LoRaWAN: 0 means 1


def _downlink(message: dict[str, Any], secret: bytes, *, delay_s: int) -> RoamingDownlink:
    details = message["DLMetaData"]
    token = UplinkToken.from_text(details["FNSULToken"], secret)
    payload = bytes.fromhex(message["PHYPayload"].removeprefix("0x"))
    if not 1 <= len(payload) <= _MAX_PHY_BYTES:
        raise ValueError("PHYPayload")
    windows = {
        number: _window(details, number, token, None if details.get("ClassMode") == "C" else delay_s + number - 1)
        for number in (1, 2)
        if f"DLFreq{number}" in details and f"DataRate{number}" in details
    }
    if not windows:
        raise RoamingRejected("malformed", "no receive window")
    first = 2 if details.get("ClassMode") == "C" and 2 in windows else min(windows)  # class C listens in the second
    packet = packet_router_packet_down_v1(payload=payload, rx1=windows[first])
    if first == 1 and 2 in windows:
        packet.rx2.CopyFrom(windows[2])
    name = f"DLFreq{first}"
    return RoamingDownlink(gateway=token.gateway, packet=packet, frequency=(name, float(details[name])))


def _window(details: dict[str, Any], number: int, token: UplinkToken, delay_s: int | None) -> window_v1:
    frequency_mhz, rate = details[f"DLFreq{number}"], datarate_name(token.region, details[f"DataRate{number}"])
    if isinstance(frequency_mhz, bool) or not isinstance(frequency_mhz, int | float) or not 0 < frequency_mhz < 4_000:
        raise ValueError(f"DLFreq{number}")
    tmst_us = 0 if delay_s is None else (token.tmst_us + delay_s * 1_000_000) % _COUNTER_WRAP
    return window_v1(timestamp=tmst_us, frequency=hz_from_mhz(frequency_mhz), datarate=rate, immediate=delay_s is None)


def _names(packet: packet_router_packet_up_v1) -> tuple[str, str]:
    try:
        return region.Name(packet.region), data_rate.Name(packet.datarate)
    except ValueError as error:
        raise RoamingRejected("datarate", str(error)) from None


def _device(payload: bytes) -> dict[str, str]:
    match packet_type(payload):
        case RouterJoin(dev_eui=dev_eui):
            return {"DevEUI": f"0x{dev_eui:016X}"}
        case RouterUplink(dev_addr=dev_addr):
            return {"DevAddr": f"0x{dev_addr:08X}"}
        case _:
            raise RoamingRejected("unsupported", "only joins and data uplinks roam")


def _gateway(packet: packet_router_packet_up_v1) -> dict[str, Any]:
    return {
        "ID": _hex(lns_mac(PublicKey.from_binary(packet.gateway))),
        "RFRegion": _names(packet)[0],
        "RSSI": packet.rssi,
        "SNR": round(packet.snr, 1),
        "DLAllowed": True,
    }


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex().upper()


def _time(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
