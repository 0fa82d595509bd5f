"""Real counterparts: our reader against pymodbus's server, pysunspec2's scanner against our emulator, both agreeing."""

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus.bus import open_bus
from skerry_firmware_bridge.sunspec.reader import SunSpecReader
from skerry_simulate.devices.hosts import open_pty, open_tcp
from skerry_simulate.devices.registry import run_emulator
from skerry_simulate.devices.sunspec_unit import ModbusFirmware, SunSpecUnit, battery, inverter, meter
from skerry_testing.modbus_peer import free_port, pymodbus
from skerry_testing.simulated import LINES
from skerry_testing.sockets import listening, socat_pair

pytestmark = pytest.mark.debian
CLOCK = SystemClock()


def _device(unit: SunSpecUnit) -> SimDevice:
    image = unit.image()
    registers = [int.from_bytes(image[at : at + 2], "big") for at in range(0, len(image), 2)]
    return SimDevice(1, simdata=[SimData(40000, values=registers, datatype=DataType.REGISTERS)])


async def _refuse(url: str, settings: SerialSettings) -> Link:
    raise AssertionError("SunSpec opens no link of ours")


async def test_the_reader_reads_a_pymodbus_tcp_server() -> None:
    port = free_port()
    async with pymodbus(ModbusTcpServer(_device(inverter(CLOCK)), address=("127.0.0.1", port))):
        await listening(port)
        async with open_bus(f"modbus-tcp://127.0.0.1:{port}") as bus:
            reader = SunSpecReader(bus)
            found = await reader.scan()
            models = {model.id: model.points for model in await reader.models()}
    assert (found.base, found.complete) == (40000, True)
    assert [(model.id, model.length) for model in found.models] == [(1, 66), (103, 50), (160, 48)]
    points = models[103]
    assert points is not None
    assert points["W"] == Decimal(2836)
    assert points["Hz"] == Decimal("50.01")
    assert "VAr" not in points


async def test_the_reader_reads_a_pymodbus_serial_server_over_socat(tmp_path: Path) -> None:
    async with (
        socat_pair(tmp_path) as (left, right),
        pymodbus(ModbusSerialServer(_device(meter(CLOCK)), port=left, baudrate=9600)),
    ):
        config = DeviceConfig(device_id="m", kind="sunspec", url=f"modbus-rtu://{right}")
        around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
        async with DRIVERS["sunspec"].open(config, around) as session:
            identity, values = await session.identify(), await session.read()
    assert identity["serial"] == "SN0002"
    assert values["power_w"] == 640
    assert values["exported_wh"] == 1200


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (inverter, {103: {"W": 2836, "Hz": 50.01, "TmpCab": 35.5}}),
        (meter, {203: {"W": 640, "Hz": 50.0}}),
        (battery, {701: {"W": -900, "Hz": 50.02}, 713: {"SoC": 64.0, "SoH": 99.0}}),
    ],
)
async def test_pysunspec2_agrees_with_the_emulator(make: Any, expected: dict[int, dict[str, float]]) -> None:
    from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP  # type: ignore[import-untyped]  # it has no types

    unit = make(CLOCK)

    def scan(port: int) -> dict[int, dict[str, float]]:
        device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5)
        try:
            device.scan()
            return {
                model: {name: device.models[model][0].points[name].cvalue for name in names}
                for model, names in expected.items()
            }
        finally:
            device.close()

    make_firmware = lambda: ModbusFirmware(unit, tcp=True)  # noqa: E731 - one expression
    async with open_tcp(make_firmware, clock=CLOCK, random=Random(1)) as host:
        got = await asyncio.to_thread(scan, host.port)
    assert got == {model: pytest.approx(points) for model, points in expected.items()}


async def test_the_battery_reads_in_whole_units() -> None:
    async with run_emulator("sunspec-battery", clock=CLOCK, random=Random(1)) as running:
        config = DeviceConfig(device_id="b", kind=running.kind, url=running.url)
        around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
        async with DRIVERS["sunspec"].open(config, around) as session:
            values = await session.identify() | await session.read()
    assert values["sunspec_models"] == "1,701,702,713"
    assert values["power_w"] == -900
    assert values["capacity_wh"] == 10_000
    assert values["charge_pct"] == 64.0
    assert values["rated_power_w"] == 5000


async def test_rtu_over_a_pseudo_terminal_works_one_byte_at_a_time() -> None:
    from skerry_simulate.devices.firmware import LineFaults

    firmware = ModbusFirmware(meter(CLOCK), tcp=False)
    async with (
        open_pty(firmware, clock=CLOCK, random=Random(1), faults=LineFaults(single_bytes=True)) as host,
        open_bus(f"modbus-rtu://{host.path}") as bus,
    ):
        assert (await SunSpecReader(bus).scan()).complete


@pytest.mark.parametrize("tcp", [True, False], ids=["tcp", "rtu"])
@pytest.mark.parametrize("line", LINES)
async def test_a_device_is_read_over_four_lines(line: str, tcp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.modbus.bus.TCP_ANSWER_TIMEOUT_S", 0.25)
    monkeypatch.setattr("skerry_firmware_bridge.modbus.bus.ATTEMPTS", 12)
    monkeypatch.setattr("skerry_firmware_bridge.modbus.bus.SETTLE_S", 0.02 if tcp else 1.0)
    firmware = ModbusFirmware(inverter(CLOCK), tcp=tcp)
    async with AsyncExitStack() as stack:
        if tcp:
            server = open_tcp(lambda: firmware, clock=CLOCK, random=Random(5), faults=LINES[line])
            url = f"modbus-tcp://127.0.0.1:{(await stack.enter_async_context(server)).port}"
        else:
            port = open_pty(firmware, clock=CLOCK, random=Random(5), faults=LINES[line])
            url = f"modbus-rtu://{(await stack.enter_async_context(port)).path}"
        bus = await stack.enter_async_context(open_bus(url))
        models = await SunSpecReader(bus).models(only=frozenset({103}))
    assert models[0].points is not None
    assert models[0].points["W"] == 2836


async def test_another_unit_on_the_bus_is_a_timeout_not_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.modbus.bus.TCP_ANSWER_TIMEOUT_S", 0.05)
    async with (
        open_tcp(lambda: ModbusFirmware(meter(CLOCK), tcp=True), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}", unit=7) as bus,
    ):
        with pytest.raises(DeviceTimeout, match="Unit 7"):
            await SunSpecReader(bus).scan()


async def test_a_modbus_device_without_sunspec_is_named() -> None:
    port = free_port()
    plain = SimDevice(1, simdata=[SimData(0, values=[1, 2, 3, 4], datatype=DataType.REGISTERS)])
    async with pymodbus(ModbusTcpServer(plain, address=("127.0.0.1", port))):
        await listening(port)
        async with open_bus(f"modbus-tcp://127.0.0.1:{port}") as bus:
            with pytest.raises(FrameRejected) as raised:
                await SunSpecReader(bus).scan()
    assert raised.value.reason == "not_found"


async def test_nobody_listening_is_refused_with_a_remedy() -> None:
    with pytest.raises(LinkRefused) as raised:
        async with open_bus(f"modbus-tcp://127.0.0.1:{free_port()}"):
            raise AssertionError
    assert raised.value.code == "E_MODBUS_CONNECT"
