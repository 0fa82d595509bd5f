"""A device made by programs of others: pysunspec2 encodes its models, pymodbus serves them, our driver reads it."""

import asyncio
import struct
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.device import DeviceConfig, Surroundings, Values
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus.bus import open_bus
from skerry_firmware_bridge.sunspec.energy import ENERGY_MODELS
from skerry_firmware_bridge.sunspec.reader import SunSpecReader
from skerry_simulate.devices.hosts import open_pty
from skerry_simulate.devices.sunspec_unit import ModbusFirmware, battery, inverter, meter
from skerry_testing.modbus_peer import free_port, pymodbus
from skerry_testing.sockets import listening, socat_pair

pytestmark = pytest.mark.debian
CLOCK = SystemClock()
Points = dict[str, Any]
STRINGS = [{"ID": 1, "IDStr": "East", "DCW": 1418}, {"ID": 2, "IDStr": "West", "DCW": 1200}]
PORTS = [{"PrtTyp": 0, "ID": number, "IDStr": f"port {number}", "DCW": 100 * number} for number in (1, 2, 3, 4, 5)]
FIXED, COUNT_AT = {160: 8, 714: 18}, {160: 8, 714: 4}  # registers before the groups; offset of the count point
MODELS: list[tuple[int, Points, int]] = [  # id, raw points, registers of its groups
    (1, {"Mn": "Foreign", "Md": "F-1", "Vr": "9.9", "SN": "F0001"}, 0),
    (103, {"W": 28361, "W_SF": -1, "WH": 2**32 - 5, "WH_SF": 1, "Hz": 5001, "Hz_SF": -2, "St": 4}, 0),
    (160, {"DCW_SF": 0, "N": 2, "module": STRINGS}, 40),
    (203, {"W": -640, "W_SF": 0, "TotWhExp": 0, "TotWhImp": 77, "TotWh_SF": 3, "Evt": 0}, 0),
    (701, {"InvSt": 3, "W": -900, "W_SF": 0, "TotWhInj": 2**40, "TotWhAbs": 9, "TotWh_SF": 0}, 0),
    (714, {"NPrt": 5, "DCW": 1500, "DCW_SF": 0, "Prt": PORTS}, 125),
    (802, {"WHRtg": 1000, "WHRtg_SF": 1, "SoC": 655, "SoC_SF": -1, "W": -90, "W_SF": 1}, 0),
]


def _registers(models: list[tuple[int, Points, int]]) -> list[int]:
    device = pytest.importorskip("sunspec2.device")
    image = b"SunS"
    for model_id, points, extra in models:
        model = _grouped(device, model_id, points, extra) if extra else device.Model(model_id)
        model.set_dict(points)
        raw = model.get_mb()
        image += struct.pack(">HH", model_id, len(raw) // 2 - 2) + raw[4:]
    image += struct.pack(">HH", 0xFFFF, 0)
    return list(struct.unpack(f">{len(image) // 2}H", image))


def _grouped(device: Any, model_id: int, points: Points, extra: int) -> Any:
    """Return a model with groups; their program makes them out of the count in given registers."""
    length = FIXED[model_id] + extra
    words = [model_id, length] + [0] * length
    words[COUNT_AT[model_id]] = len(points["Prt" if model_id == 714 else "module"])
    return device.Model(model_id, model_len=length, data=struct.pack(f">{len(words)}H", *words))


async def _refuse(url: str, settings: SerialSettings) -> Link:
    raise AssertionError("SunSpec opens no link of ours")


async def test_our_driver_reads_a_device_that_is_none_of_ours() -> None:
    device = SimDevice(1, simdata=[SimData(40000, values=_registers(MODELS), datatype=DataType.REGISTERS)])
    port = free_port()
    async with pymodbus(ModbusTcpServer(device, address=("127.0.0.1", port))):
        await listening(port)
        config = DeviceConfig(device_id="f", kind="sunspec", url=f"modbus-tcp://127.0.0.1:{port}")
        around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
        async with DRIVERS["sunspec"].open(config, around) as session:
            values: Values = await session.identify() | await session.read()
    expected: Values = {
        "maker": "Foreign",
        "model": "F-1",
        "firmware": "9.9",
        "serial": "F0001",
        "meter_id": "F0001",
        "sunspec_models": "1,103,160,203,701,714,802",
        "power_w": 2836,
        "produced_wh": (2**32 - 5) * 10,
        "produced_wraps_wh": 2**32 * 10,
        "frequency_millihz": 50_010,
        "state": "mppt",
        "strings": 2,
        "strings_power_w": 2618,
        "exported_wh": None,  # zero has counted nothing yet
        "imported_wh": 77_000,
        "consumed_wh": 9,
        "dc_power_w": 1500,
        "dc_ports": 5,
        "capacity_wh": 10_000,
        "charge_pct": 65.5,
        "battery_power_w": -900,
        "quality": "checked",
    }
    assert {name: values[name] for name in expected} == expected
    assert {model for model, _, _ in MODELS} <= {1} | ENERGY_MODELS


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (inverter, {103: {"W": 2836, "Hz": 50.01}}),
        (meter, {203: {"W": 640, "Hz": 50.0}}),
        (battery, {701: {"W": -900, "Hz": 50.02}}),
    ],
)
async def test_pysunspec2_scans_our_emulator_over_a_serial_bus_as_we_do(
    make: Any, expected: dict[int, dict[str, float]]
) -> None:
    client = pytest.importorskip("sunspec2.modbus.client")

    def scan(path: str) -> tuple[list[int], dict[int, dict[str, float]]]:
        device = client.SunSpecModbusClientDeviceRTU(slave_id=1, name=path, baudrate=9600, timeout=5)
        try:
            device.scan()
            found = [key for key in device.models if isinstance(key, int)]
            values = {
                model: {name: device.models[model][0].points[name].cvalue for name in names}
                for model, names in expected.items()
            }
            return found, values
        finally:
            device.close()

    async with open_pty(ModbusFirmware(make(CLOCK), tcp=False), clock=CLOCK, random=Random(1)) as host:
        theirs, values = await asyncio.to_thread(scan, host.path)
        async with open_bus(f"modbus-rtu://{host.path}") as unit:
            ours = [model.id for model in (await SunSpecReader(unit).scan()).models]
    assert values == {model: pytest.approx(points) for model, points in expected.items()}
    assert theirs == ours


INVERTER: Points = {"W": 2836, "W_SF": 0, "WH": 123_456, "WH_SF": 0, "Hz": 5001, "Hz_SF": -2, "St": 4}
INVERTER_FLOAT: Points = {"W": 2836.0, "WH": 123_456.0, "Hz": 50.01, "St": 4}
METER: Points = {"W": -640, "W_SF": 0, "Hz": 5001, "Hz_SF": -2, "TotWhExp": 12, "TotWhImp": 77, "TotWh_SF": 3, "Evt": 0}
METER_FLOAT: Points = {"W": -640.0, "Hz": 50.01, "TotWhExp": 12_000.0, "TotWhImp": 77_000.0, "Evt": 0}
EACH: dict[int, tuple[Points, int]] = {  # raw points, registers of its groups
    **dict.fromkeys((101, 102, 103), (INVERTER, 0)),
    **dict.fromkeys((111, 112, 113), (INVERTER_FLOAT, 0)),
    160: ({"DCW_SF": 0, "N": 2, "module": STRINGS}, 40),
    **dict.fromkeys((201, 202, 203, 204), (METER, 0)),
    **dict.fromkeys((211, 212, 213, 214), (METER_FLOAT, 0)),
    701: (
        {"InvSt": 3, "W": -900, "W_SF": 0, "Hz": 50_010, "Hz_SF": -3, "TotWhInj": 7, "TotWhAbs": 9, "TotWh_SF": 0},
        0,
    ),
    702: ({"WMaxRtg": 500, "WMax": 460, "W_SF": 1}, 0),
    713: ({"WHRtg": 1000, "WHAvail": 640, "SoC": 640, "SoH": 990, "WH_SF": 1, "Pct_SF": -1}, 0),
    714: ({"NPrt": 5, "DCW": 1500, "DCW_SF": 0, "DCWhInj": 2**40, "DCWhAbs": 3, "DCWH_SF": 0, "Prt": PORTS}, 125),
    802: ({"WHRtg": 1000, "WHRtg_SF": 1, "SoC": 655, "SoC_SF": -1, "W": -90, "W_SF": 1}, 0),
}
OF_INVERTER: Values = {"power_w": 2836, "produced_wh": 123_456, "frequency_millihz": 50_010, "state": "mppt"}
OF_METER: Values = {
    "power_w": -640, "exported_wh": 12_000, "imported_wh": 77_000, "frequency_millihz": 50_010
}  # fmt: skip
TOLD: dict[int, Values] = {
    **dict.fromkeys((101, 102, 103, 111, 112, 113), OF_INVERTER),
    160: {"strings": 2, "strings_power_w": 2618},
    **dict.fromkeys((201, 202, 203, 204, 211, 212, 213, 214), OF_METER),
    701: {"power_w": -900, "produced_wh": 7, "consumed_wh": 9, "frequency_millihz": 50_010, "state": "running"},
    702: {"rated_power_w": 5000, "max_power_w": 4600},
    713: {"capacity_wh": 10_000, "available_wh": 6400, "charge_pct": 64.0, "health_pct": 99.0},
    714: {"dc_power_w": 1500, "dc_ports": 5, "dc_produced_wh": 2**40, "dc_consumed_wh": 3},
    802: {"capacity_wh": 10_000, "charge_pct": 65.5, "battery_power_w": -900},
}
PLACES = ((40000, 1), (0, 2), (50000, 126))  # base address and unit of the devices on the bus


def _device_of(model_id: int, *, base: int, unit: int) -> SimDevice:
    points, extra = EACH[model_id]
    common = {"Mn": "Foreign", "Md": f"F-{model_id}", "Vr": "9.9", "SN": f"F{model_id}-{unit}"}
    registers = _registers([(1, common, 0), (model_id, points, extra)])
    return SimDevice(unit, simdata=[SimData(base, values=registers, datatype=DataType.REGISTERS)])


def _devices() -> list[tuple[SimDevice, int, int]]:
    """Return devices with every model that we name, one each, in turn at every base; with model and unit."""
    placed = [(model_id, *PLACES[at % len(PLACES)], at) for at, model_id in enumerate(sorted(EACH))]
    return [
        (_device_of(model_id, base=base, unit=(unit + 10 * at) % 247 + 1), model_id, (unit + 10 * at) % 247 + 1)
        for model_id, base, unit, at in placed
    ]


async def _read_all(url: str, devices: list[tuple[SimDevice, int, int]]) -> dict[int, Values]:
    around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
    values: dict[int, Values] = {}
    async with AsyncExitStack() as bus:
        for _, model_id, unit in devices:  # all on one connection, as on a real bus
            config = DeviceConfig(device_id=f"u{unit}", kind="sunspec", url=url, options={"unit": unit})
            session = await bus.enter_async_context(DRIVERS["sunspec"].open(config, around))
            values[model_id] = await session.identify() | await session.read()
    return values


def test_every_model_that_we_name_is_among_those_that_others_serve() -> None:
    assert set(EACH) == set(TOLD) == ENERGY_MODELS


@pytest.mark.parametrize("line", ["tcp", "serial"])
async def test_every_model_is_read_from_pymodbus_whatever_its_base_and_unit(line: str, tmp_path: Path) -> None:
    devices = _devices()
    served = [device for device, _, _ in devices]
    async with AsyncExitStack() as stack:
        if line == "tcp":
            port = free_port()
            await stack.enter_async_context(pymodbus(ModbusTcpServer(served, address=("127.0.0.1", port))))
            await listening(port)
            url = f"modbus-tcp://127.0.0.1:{port}"
        else:
            left, right = await stack.enter_async_context(socat_pair(tmp_path))
            await stack.enter_async_context(pymodbus(ModbusSerialServer(served, port=left, baudrate=9600)))
            url = f"modbus-rtu://{right}"
        found = await _read_all(url, devices)
    for _, model_id, unit in devices:
        told = TOLD[model_id] | {
            "meter_id": f"F{model_id}-{unit}",
            "sunspec_models": f"1,{model_id}",
            "quality": "checked",
        }
        assert {name: found[model_id][name] for name in told} == told, model_id
    assert {values["sunspec_base"] for values in found.values()} == {40000, 0, 50000}
