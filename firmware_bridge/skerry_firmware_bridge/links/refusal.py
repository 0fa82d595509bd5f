"""Why a serial port cannot be opened, in one sentence, and the command that mends it. Used by links and discovery."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from socket import gaierror

from skerry_firmware_bridge.errors import LinkRefused

__all__ = ["explain", "holder_of", "shared"]

_MISSING = {errno.ENOENT, errno.ENODEV, errno.ENXIO}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_NO_PORT = {errno.ENOTTY, errno.EISDIR}
_BUSY = {errno.EBUSY, errno.EAGAIN}
_FAR_ENDS = {"/dev/ptmx", "/dev/pts/ptmx"}  # who has one offers pseudo-terminals, as our emulators do
LOCK_FOLDER = Path("/var/lock")


def explain(path: str, error: OSError) -> LinkRefused:
    """Turn an error of opening `path` into a refusal with a stable code. Reads /proc: call it off the event loop."""
    if error.errno in _MISSING:
        return LinkRefused(
            "E_PORT_MISSING",
            f"There is no serial port {path}.",
            remedy="Plug the device in, or run: skerry devices scan",
        )
    if error.errno in _FORBIDDEN:
        return LinkRefused(
            "E_PORT_PERMISSION",
            f"This user may not open {path}.",
            remedy=f"Run: sudo usermod -aG {_group_of(path)} {_user()} - then log in again.",
        )
    if error.errno in _BUSY:
        return _busy(path)
    if error.errno in _NO_PORT:
        return LinkRefused("E_NO_PORT", f"{path} is no serial port.", remedy="See what is: skerry devices scan")
    if "://" in path:
        return LinkRefused(
            "E_PORT_UNREACHABLE",
            f"Nothing answers at {path}: {_reason(error)}.",
            remedy="Check that what shares the port there (such as ser2net) runs, its address, and the network.",
        )
    return LinkRefused(
        "E_PORT_FAILED",
        f"Cannot open {path}: {error.strerror or error}.",
        remedy="Unplug the device and plug it in again.",
    )


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return "the server has hung up; another program may have the port"
    if isinstance(error, gaierror):  # whose numbers are none of the system's
        return "there is no such host"
    return os.strerror(error.errno).lower() if error.errno else str(error)


def shared(path: str) -> LinkRefused | None:
    """Return why a port that did open gives no answers: another program reads them too. Reads /proc, as `explain`."""
    holder = holder_of(path)
    if holder is None:
        return None
    return LinkRefused(
        "E_PORT_BUSY",
        f"{path} is open in {holder[1]} (process {holder[0]}) too, which takes the answers.",
        remedy="Stop that program, then try again.",
    )


def _busy(path: str) -> LinkRefused:
    holder = holder_of(path)
    if holder is not None and holder[1] == "ModemManager":
        rule = 'ATTRS{idVendor}=="VID", ATTRS{idProduct}=="PID", ENV{ID_MM_DEVICE_IGNORE}="1"'
        return LinkRefused(
            "E_PORT_MODEMMANAGER",
            f"ModemManager has taken {path}.",
            remedy="Read a modem through it, which keeps its connection: modem-manager:any (see skerry devices scan). "
            f"To get the port, put {rule} into /etc/udev/rules.d/60-skerry.rules, "
            "run: sudo udevadm control --reload, and replug.",
        )
    if holder is None and _is_ours(path):
        return LinkRefused(
            "E_PORT_BUSY",
            f"{path} is open in this program already, perhaps under another name.",
            remedy="Name each port once in devices.attached and serial.radios: see skerry config show.",
        )
    who = f"{holder[1]} (process {holder[0]})" if holder else "another program"
    return LinkRefused("E_PORT_BUSY", f"{path} is in use by {who}.", remedy="Stop that program, then try again.")


def holder_of(path: str) -> tuple[int, str] | None:
    """Return process id and name of another process that has the port open or locked, None when it cannot be told."""
    target = os.path.realpath(path)
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):
            opened = _opened(process)
            if target in opened and not opened & _FAR_ENDS:
                return int(process.name), (process / "comm").read_text().strip()
    for name in (Path(path).name, Path(target).name):
        lock = LOCK_FOLDER / f"LCK..{name}"  # minicom and picocom only leave this file
        with suppress(OSError, ValueError):
            number = int(lock.read_text().split()[0])
            return number, Path(f"/proc/{number}/comm").read_text().strip()
    return None


def _is_ours(path: str) -> bool:
    with suppress(OSError):
        return os.path.realpath(path) in _opened(Path("/proc/self"))
    return False


def _opened(process: Path) -> set[str]:
    links = set()
    for descriptor in (process / "fd").iterdir():
        with suppress(OSError):
            links.add(os.readlink(descriptor))
    return links


def _group_of(path: str) -> str:
    with suppress(OSError, KeyError, ImportError):
        import grp

        status = os.stat(path)
        if stat.S_ISCHR(status.st_mode) and status.st_gid:
            return grp.getgrgid(status.st_gid).gr_name
    return "dialout"


def _user() -> str:
    return os.environ.get("USER") or "$USER"
