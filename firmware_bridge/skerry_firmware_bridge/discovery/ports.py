"""The ports that exist now: USB and other serial ports with their stable names, and what emulators announce."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from skerry_firmware_bridge.discovery.announced import running_emulators

__all__ = ["BY_ID", "BY_PATH", "Port", "PortChange", "changes", "list_ports"]

BY_ID = Path("/dev/serial/by-id")
BY_PATH = Path("/dev/serial/by-path")
SYSFS = Path("/sys/class/tty")
UART_NAMES = ("ttyAMA", "ttyS", "serial", "cu.")
NO_CHIP = "0"  # PORT_UNKNOWN in the kernel's serial core


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port. `path` is the name to configure, stable where the system has one; `key` names the hardware.

    `device` is what the path leads to now, where that is another name.
    """

    path: str
    key: str
    device: str | None = None
    vid: int | None = None
    pid: int | None = None
    serial: str | None = None
    product: str | None = None
    interface: int | None = None
    by_path: str | None = None
    announced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PortChange:
    """A port came or went."""

    port: Port
    appeared: bool


def list_ports(
    *, announced: Path | None = None, by_id: Path = BY_ID, by_path: Path = BY_PATH, sysfs: Path = SYSFS
) -> list[Port]:
    """Return all ports, each real one once. Blocks for some milliseconds on sysfs: call it in a thread.

    `announced`: the folder in which emulators show themselves (`announced.announcement_folder`).
    """
    from serialx import list_serial_ports

    ids, paths = _names(by_id), _names(by_path)
    found: dict[str, Port] = {}
    for port in list_serial_ports():
        device = str(port.resolved_device or port.device)
        if port.vid is None and not _is_uart(device, sysfs):
            continue
        usb = (
            f"{port.vid:04x}:{port.pid:04x}:{port.serial_number or '-'}:{port.interface_num or 0}"
            if port.vid
            else device
        )
        # one device under several names is one port
        found.setdefault(
            os.path.realpath(device),
            Port(
                # a serial number that several units share makes by-id point at one of them only
                path=ids.get(device) or paths.get(device) or device,
                key=usb,
                device=os.path.realpath(device),
                vid=port.vid,
                pid=port.pid,
                serial=port.serial_number,
                product=port.product,
                interface=port.interface_num,
                by_path=paths.get(device),
            ),
        )
    for place in () if announced is None else running_emulators(announced):
        known_as = os.path.realpath(place) if place.startswith("/") else place
        url = place.partition(" bus=")[0]  # a hotspot's private bus is no part of its address
        found.setdefault(known_as, Port(path=url, key=url, device=known_as, announced=True))
    return list(found.values())


def changes(before: Iterable[Port], after: Iterable[Port]) -> list[PortChange]:
    """Return what went and what came; the same hardware at another path has gone and come."""
    old, new = {(port.key, port.path): port for port in before}, {(port.key, port.path): port for port in after}
    return [
        *(PortChange(port=port, appeared=False) for name, port in old.items() if name not in new),
        *(PortChange(port=port, appeared=True) for name, port in new.items() if name not in old),
    ]


def _names(folder: Path) -> dict[str, str]:
    """Return device -> stable name of a folder of udev's symlinks."""
    if not folder.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(folder.iterdir())}


def _is_uart(device: str, sysfs: Path) -> bool:
    """Tell a port of the board itself from a console, and from one of the many names that have no chip behind them."""
    name = Path(device).name
    if not name.startswith(UART_NAMES):
        return False
    with suppress(OSError):
        return (sysfs / name / "type").read_text().strip() != NO_CHIP
    return True
