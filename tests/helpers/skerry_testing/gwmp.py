"""Datagrams as a packet forwarder writes them."""

import base64
import json
from typing import Any

from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind

__all__ = ["EUI", "pull_data", "push_data", "rxpk", "tx_ack"]

EUI = bytes.fromhex("aa555a0000000001")


def rxpk(**changes: Any) -> dict[str, Any]:
    """Return a good packet with some members changed; a member set to None is left out."""
    good: dict[str, Any] = {
        "tmst": 1_000_000,
        "chan": 0,
        "rfch": 0,
        "freq": 868.1,
        "stat": 1,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "lsnr": 9.5,
        "rssi": -60,
        "size": 4,
        "data": base64.b64encode(b"\x40\x04\x03\x02").decode(),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def push_data(content: object, *, token: int = 7, eui: bytes = EUI, version: int = 2) -> bytes:
    """Return a PUSH_DATA with a JSON body, or with the bytes given."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Datagram(kind=Kind.PUSH_DATA, token=token, eui=eui, body=body, version=version).to_bytes()


def pull_data(*, token: int = 8, eui: bytes = EUI, version: int = 2) -> bytes:
    """Return a PULL_DATA."""
    return Datagram(kind=Kind.PULL_DATA, token=token, eui=eui, version=version).to_bytes()


def tx_ack(token: int, body: bytes = b"", *, eui: bytes = EUI) -> bytes:
    """Return a TX_ACK."""
    return Datagram(kind=Kind.TX_ACK, token=token, eui=eui, body=body).to_bytes()
