"""Values of the Helium hotspot characteristics and what a hotspot does with them (serial-devices 2.8)."""

from collections.abc import Iterable, Sequence
from enum import Enum

from skerry_firmware_bridge.ble.protobuf import Layout, encode
from skerry_firmware_bridge.errors import FrameRejected

__all__ = [
    "MESSAGES",
    "VALUE_LIMIT",
    "ConnectStatus",
    "capped_services",
    "connect_status",
    "lights_after",
    "read_at",
    "status_texts",
]

MESSAGES: dict[str, Layout] = {
    "wifi_services": (("services", "texts"),),
    "wifi_connect": (("service", "text"), ("password", "text")),
    "wifi_remove": (("service", "text"),),
    "diagnostics": (("diagnostics", "text_map"),),
    "add_gateway": (("owner", "text"), ("amount", "uint64"), ("fee", "uint64"), ("payer", "text")),
    "assert_location": (
        ("lat", "float"),
        ("lon", "float"),
        ("owner", "text"),
        ("nonce", "uint64"),
        ("fee", "uint64"),
        ("amount", "uint64"),
        ("payer", "text"),
    ),
}
VALUE_LIMIT = 512  # bytes that a hotspot puts into one characteristic


class ConnectStatus(Enum):
    """What a text of the Wi-Fi connect characteristic means."""

    PROGRESS = "progress"
    FINAL = "final"
    ERROR = "error"


def connect_status(text: str) -> ConnectStatus:
    """Return the meaning of one notified text; anything unknown is an error."""
    match text:
        case "connecting":
            return ConnectStatus.PROGRESS
        case "connected" | "invalid" | "not_found":
            return ConnectStatus.FINAL
    return ConnectStatus.ERROR


def status_texts(texts: Iterable[str]) -> tuple[list[ConnectStatus], bool | None]:
    """Return the meanings up to the first that is not progress, and whether it is connected (None = not decided)."""
    meanings: list[ConnectStatus] = []
    for text in texts:
        meanings.append(connect_status(text))
        if meanings[-1] is not ConnectStatus.PROGRESS:
            return meanings, text == "connected"
    return meanings, None


def capped_services(names: Sequence[str]) -> tuple[bytes, int]:
    """Return the Wi-Fi list as a hotspot sends it and how many names fitted; names are dropped from the end."""
    value = b""
    for kept, name in enumerate(names):
        longer = value + encode(MESSAGES["wifi_services"], {"services": [name]})
        if len(longer) > VALUE_LIMIT:
            return value, kept
        value = longer
    return value, len(names)


def read_at(value: bytes, offset: int) -> bytes:
    """Return what a long read gets at an ATT offset. Raises `FrameRejected` invalid_offset."""
    if offset > len(value):
        raise FrameRejected("invalid_offset", detail=f"{offset} of {len(value)}")
    return value[offset:]


def lights_after(before: str, written: str) -> str:
    """Return the state of the lights after a write: only `on` and `off` change anything."""
    return written if written in ("on", "off") else before
