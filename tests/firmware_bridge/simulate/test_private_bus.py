"""The emulated Bluetooth's own D-Bus daemon."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock
from skerry_simulate.devices.private_bus import BusUnavailable, private_bus

PROGRAM = """
import asyncio
from skerry_simulate.devices.private_bus import private_bus
async def main():
    async with private_bus() as address:
        print(address, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_without_a_daemon_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(BusUnavailable, match="apt install dbus-daemon") as raised:
        async with private_bus():
            raise AssertionError
    assert raised.value.code == "E_BLE_BUS"


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("setpriv") is None or shutil.which("dbus-daemon") is None, reason="Debian's tools")
async def test_the_daemon_ends_with_an_emulator_that_is_killed() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().partition("path=")[2]).parent
        (daemon,) = _children(process.pid)
        process.send_signal(signal.SIGKILL)
    clock = SystemClock()
    async with clock.timeout(5):
        while _is_alive(daemon):
            await clock.sleep(0.01)
    shutil.rmtree(folder)


def _children(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
