"""A D-Bus daemon of our own, for the emulated BlueZ. Needs `dbus-daemon` (Debian package dbus-daemon)."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from skerry_core.clock import io_timeout
from skerry_core.errors import UserError

__all__ = ["BusUnavailable", "private_bus"]

START_TIMEOUT_S = 10.0
_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/>{forbidding}</policy></busconfig>
"""
_FORBIDDING = '<deny send_destination="org.bluez"/>'  # as a system bus answers users without permission


class BusUnavailable(UserError):
    """No private bus can be started here."""

    def __init__(self, detail: str) -> None:
        super().__init__("E_BLE_BUS", detail, remedy="Install it: sudo apt install dbus-daemon")


@asynccontextmanager
async def private_bus(*, forbidden: bool = False) -> AsyncIterator[str]:
    """Run a D-Bus daemon for the length of the body and return its address; `forbidden`: nobody may talk to BlueZ.

    Raises `BusUnavailable`.
    """
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        raise BusUnavailable("The emulated Bluetooth needs a D-Bus daemon, which is not installed.")
    with tempfile.TemporaryDirectory(prefix="skerry-bus-") as folder:
        configuration = Path(folder) / "bus.conf"
        forbidding = _FORBIDDING if forbidden else ""
        configuration.write_text(_CONFIGURATION.format(folder=folder, forbidding=forbidding))
        process = await asyncio.create_subprocess_exec(
            *_ending_with_us(),
            daemon,
            f"--config-file={configuration}",
            "--nofork",
            "--print-address",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            async with io_timeout(START_TIMEOUT_S):
                address = (await process.stdout.readline()).decode().strip()
            if not address:
                raise BusUnavailable("The D-Bus daemon of the emulated Bluetooth ended at once.")
            yield address
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _ending_with_us() -> list[str]:
    """Return what makes the daemon end when this process is killed: nobody would end it then."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", "TERM"]
