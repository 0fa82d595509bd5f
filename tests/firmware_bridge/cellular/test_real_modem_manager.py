"""The real ModemManager talks AT to our emulated modem; our driver reads from it what our AT driver reads itself."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Never

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.cellular.modem import ModemSession, open_modem
from skerry_firmware_bridge.cellular.modem_manager import open_managed_modem
from skerry_firmware_bridge.cellular.modem_manager_bus import ROOT, SERVICE, ManagerBus, open_manager
from skerry_firmware_bridge.cellular.modem_manager_values import INTERFACE
from skerry_firmware_bridge.device import DeviceConfig, Surroundings, Values
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.devices.firmware import LineFaults
from skerry_simulate.devices.modem import ModemFirmware, generic_lte
from skerry_simulate.devices.private_bus import BusUnavailable, private_bus
from skerry_testing.simulated import Bench

CLOCK = SystemClock()
DAEMON = shutil.which("ModemManager", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
LIMIT_S = 60.0
LOOK_S = 0.1
MEASURE_S = 1
SOCKET = f"abstract:skerry-at-{os.getpid()}"  # the daemon's own tests reach their modems so, without hardware
# what the daemon asks before it takes a modem
REPLIES = {
    "ATV1": "", "ATX4": "", "AT&C1": "", "AT+GCAP": "+GCAP: +CGSM", "AT+WS46=?": "+WS46: (12,22,25,28)",
    "AT+CFUN?": "+CFUN: 1", "AT+CIMI": "001010123456789", "AT+CGDCONT=?": '+CGDCONT: (1-11),"IP",,,(0-2),(0-3)',
    "AT+CRSM=176,12258,0,0,10": '+CRSM: 144,0,"98101000000000000010"', "AT+CLCK=?": '+CLCK: ("SC")',
    'AT+CLCK="SC",2': "+CLCK: 0", "AT+CGREG?": '5,"0BFF","01C36403",7',
    "AT+CESQ=?": "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)",
}  # fmt: skip
pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(DAEMON is None, reason="needs ModemManager: sudo apt install modemmanager"),
]


class _Port(asyncio.Protocol):
    """The modem's AT port; the daemon opens it again and again."""

    def __init__(self, firmware: ModemFirmware) -> None:
        self._firmware = firmware

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._firmware.receive(data))


@asynccontextmanager
async def _daemon(bus: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the real daemon on a bus of ours; it looks for no hardware."""
    process = await asyncio.create_subprocess_exec(
        str(DAEMON), "--test-session", "--test-enable", "--test-no-udev", "--test-no-suspend-resume", "--no-auto-scan",
        stderr=subprocess.DEVNULL, env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": bus, "DBUS_SYSTEM_BUS_ADDRESS": bus},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _manager_is_up(manager: ManagerBus) -> None:
    while True:
        with suppress(LinkRefused):
            assert await manager.modems() == []
            return
        await CLOCK.sleep(LOOK_S)


async def _state_is(manager: ManagerBus, state: str) -> str:
    """Wait for the only modem to be in a state; return its object path."""
    while True:
        for modem in await manager.modems():
            if modem.state == state:
                return modem.path
        await CLOCK.sleep(LOOK_S)


async def _read_over_at() -> Values:
    bench = Bench(lambda clock, random: generic_lte(random), clock=CLOCK, faults=LineFaults(), seed=1)
    async with open_modem(DeviceConfig(device_id="m", kind="modem", url="memory:m"), bench.around) as session:
        assert isinstance(session, ModemSession)
        return await session.identify() | await session.read()


async def test_both_drivers_tell_the_same_of_one_modem() -> None:
    firmware = generic_lte(Random(1))
    firmware.replies |= REPLIES
    port = await asyncio.get_running_loop().create_unix_server(lambda: _Port(firmware), path=f"\0{SOCKET}")
    try:
        async with port, io_timeout(LIMIT_S), private_bus() as bus, _daemon(bus) as daemon:
            values = await _read_over_dbus(bus, daemon)
    except BusUnavailable as error:
        pytest.skip(str(error))
    over_at = await _read_over_at()
    same = ("maker", "model", "firmware", "imei", "sim", "registration", "access_technology", "operator")
    assert {name: values[name] for name in same} == {name: over_at[name] for name in same}
    level = over_at["lte_rsrp_bin_dbm"]
    assert isinstance(level, int)
    assert values["lte_rsrp_dbm"] in range(level - 10, level + 10)  # the air drifts by a decibel per query
    assert (values["lte_rsrq_db"], values["signal_dbm"]) == (-11, values["lte_rsrp_dbm"])


async def _never(url: str, settings: SerialSettings) -> Never:
    raise AssertionError(url)


async def _read_over_dbus(bus: str, daemon: asyncio.subprocess.Process) -> Values:
    config = DeviceConfig(device_id="m", kind="modem-manager", url="any", options={"bus": bus, "measure_s": MEASURE_S})
    around = Surroundings(clock=CLOCK, random=Random(1), open_link=_never)
    async with open_manager(bus) as manager:
        await _manager_is_up(manager)
        with pytest.raises(LinkRefused) as raised:
            async with open_managed_modem(config, around) as session:
                await session.identify()
        assert raised.value.code == "E_MM_NO_MODEM"
        await manager.call(SERVICE, ROOT, f"{SERVICE}.Test", "SetProfile", "ssas", "skerry", "generic", [SOCKET])
        path = await _state_is(manager, "disabled")
        with pytest.raises(LinkRefused) as raised:
            async with open_managed_modem(config, around) as session:
                await session.identify()
        assert raised.value.code == "E_MM_DISABLED"
        await manager.call(SERVICE, path, INTERFACE, "Enable", "b", True, limit_s=LIMIT_S)
        await _state_is(manager, "registered")
        async with open_managed_modem(config, around) as session:
            identity = await session.identify()
            while (values := await session.read())["signal_dbm"] is None:
                await CLOCK.sleep(LOOK_S)
        assert [modem.rate_s for modem in await manager.modems()] == [0]  # taken back
        async with open_managed_modem(config, around) as session:
            await session.identify()
            daemon.terminate()
            with pytest.raises(LinkLost, match="ModemManager"):
                await session.watch()
    return identity | values
