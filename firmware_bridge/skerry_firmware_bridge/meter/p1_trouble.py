"""What is wrong with a P1 port that gives no telegrams, judged by what came instead; pure. `meter.p1_device` asks."""

import re

from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, ModuleUnfit

__all__ = ["HEARD_BYTES", "encrypted", "no_telegram"]

HEARD_BYTES = 2048  # of what was heard last: more than a telegram
# general-glo-ciphering of DLMS: tag, system title of eight bytes that begins with the maker's letters, length
_ENCRYPTED = re.compile(rb"\xdb\x08[A-Za-z]{3}.{5}(?:\x82..|\x81.)", re.DOTALL)
_DATA_LINE = re.compile(rb"\d-\d:\d+\.\d+\.\d+\(")
OTHER_SPEED = {
    "p1": "A meter of version 2 or 3 is a p1-v2 (9600 baud).",
    "p1-v2": "A meter of version 4 or 5 is a p1 (115200 baud).",
}


def encrypted(heard: bytes) -> ModuleUnfit | None:
    """Return the refusal of a meter that encrypts, None where none is heard. `heard` has its top bits."""
    if not _ENCRYPTED.search(heard):
        return None
    error = ModuleUnfit(
        "This meter encrypts its telegrams (as in Luxembourg and Austria), and Skerry has no key to them"
    )
    error.advising("Put a reader between meter and port that decrypts them with the key from your grid operator.")
    return error


def no_telegram(heard: bytes, *, kind: str, limit_s: float) -> BridgeError:
    """Return what to tell of a port that gave no whole telegram within `limit_s`."""
    what = f"P1: no whole telegram within {limit_s:g} s"
    if not heard:
        return DeviceTimeout(f"{what}, not a single byte came")
    if _DATA_LINE.search(bytes(byte & 0x7F for byte in heard)):
        advice = "The cable is bad or too long, or this computer too busy to read it: try another cable or USB port."
        return DeviceTimeout(f"{what}, only pieces came").advising(advice)
    advice = f"{OTHER_SPEED[kind]} If it is not that: the cable has to invert the signal."
    return DeviceTimeout(f"{what}, what came is no text: the speed is wrong").advising(advice)
