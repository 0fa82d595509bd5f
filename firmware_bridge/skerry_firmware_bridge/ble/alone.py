"""One program at a time talks to a hotspot: another's connection looks like one that a killed program left behind."""

import hashlib
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from skerry_firmware_bridge.errors import LinkRefused

__all__ = ["alone_with"]


@contextmanager
def alone_with(address: str) -> Iterator[None]:
    """Keep other programs of ours on this computer away for the length of the body. Raises `LinkRefused` E_BLE_IN_USE.

    A socket name in the kernel's own namespace is the lock: it goes with its process, however that ends.
    """
    if sys.platform != "linux":
        yield
        return
    whose = f"{os.environ.get('DBUS_SYSTEM_BUS_ADDRESS', '')} {address.upper()}"
    name = f"\0skerry-ble-{hashlib.sha256(whose.encode()).hexdigest()[:32]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lock:
        try:
            lock.bind(name)
        except OSError as error:
            raise LinkRefused(
                "E_BLE_IN_USE",
                f"Another Skerry command talks to the hotspot {address} now.",
                remedy="Wait until it has ended, or stop it.",
            ) from error
        yield
