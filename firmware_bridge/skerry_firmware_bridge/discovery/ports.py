"""The ports that exist now: USB and other serial ports with their stable names, and what emulators announce."""

import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from skerry_core.errors import RefusedError

__all__ = ["BY_ID", "BY_PATH", "Port", "PortChange", "announcement_folder", "changes", "list_ports"]

BY_ID = Path("/dev/serial/by-id")
BY_PATH = Path("/dev/serial/by-path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port. `path` is the name to configure, stable where the system has one; `key` names the hardware."""

    path: str
    key: str
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


def list_ports(*, announced: Path | None = None, by_id: Path = BY_ID, by_path: Path = BY_PATH) -> list[Port]:
    """Return all ports. Blocks for some milliseconds on sysfs: call it in a thread.

    `announced`: a folder in which emulators leave symlinks to their pseudo-terminals and `NAME.url` files.
    """
    from serialx import list_serial_ports

    ids, paths = _names(by_id), _names(by_path)
    found = []
    for port in list_serial_ports():
        device = str(port.resolved_device or port.device)
        if port.vid is None and not _is_plain_uart(device):
            continue
        usb = (
            f"{port.vid:04x}:{port.pid:04x}:{port.serial_number or '-'}:{port.interface_num or 0}"
            if port.vid
            else device
        )
        found.append(
            Port(
                # a serial number that several units share makes by-id point at one of them only
                path=ids.get(device) or paths.get(device) or device,
                key=usb,
                vid=port.vid,
                pid=port.pid,
                serial=port.serial_number,
                product=port.product,
                interface=port.interface_num,
                by_path=paths.get(device),
            )
        )
    return found + (_announced(announced) if announced is not None else [])


def announcement_folder() -> Path:
    """Return this user's folder in which running emulators show themselves, made if missing.

    Raises `RefusedError` when somebody else has put one there: its links would lead anywhere.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    if not hasattr(os, "getuid"):  # Windows: its temporary folder is the user's own
        (base / "skerry" / "ports").mkdir(parents=True, exist_ok=True)
        return base / "skerry" / "ports"
    folder = base / f"skerry-{os.getuid()}" / "ports"
    for part in (folder.parent, folder):
        part.mkdir(mode=0o700, exist_ok=True)
        status = part.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise RefusedError(
                "E_PORTS_FOLDER", f"{part} belongs to somebody else.", remedy="Remove it, or set XDG_RUNTIME_DIR."
            )
    return folder


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


def _is_plain_uart(device: str) -> bool:
    """Tell ports of the board itself, which are there even when nothing is connected, from virtual consoles."""
    return Path(device).name.startswith(("ttyAMA", "ttyS0", "serial", "cu."))


def _still_runs(stem: str) -> bool:
    """Tell whether the process whose number ends an announcement's name lives; a killed emulator leaves its note."""
    number = stem.rpartition("-")[2]
    if not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _announced(folder: Path) -> list[Port]:
    if not folder.is_dir():
        return []
    ports = []
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".url" and entry.is_file() and _still_runs(entry.stem):
            url = entry.read_text(encoding="utf-8").strip()
            ports.append(Port(path=url, key=url, announced=True))
        elif entry.is_symlink() and entry.exists():
            ports.append(Port(path=str(entry), key=str(entry), announced=True))
    return ports
