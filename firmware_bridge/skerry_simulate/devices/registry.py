"""The emulators by name, for `skerry simulate --list`, `skerry simulate NAME`, the demo and the tests."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from skerry_core.clock import Clock
from skerry_firmware_bridge.ble.nearby import BUS_VARIABLE, announcement
from skerry_firmware_bridge.cellular import modem_manager_list
from skerry_firmware_bridge.cellular.modem_manager_bus import SERVICE as MODEM_MANAGER
from skerry_firmware_bridge.discovery.announced import BUSES
from skerry_simulate.devices import concentrator, meter, modem, optical_meter, sunspec_unit
from skerry_simulate.devices.ble_faults import BleFaults
from skerry_simulate.devices.bluez import ADDRESS, BLUEZ, FakeBluez, fake_bluez
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, Firmware, LineFaults
from skerry_simulate.devices.hosts import PtyHost, TcpHost, open_pty, open_tcp
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_simulate.devices.manager_faults import ManagerFaults
from skerry_simulate.devices.modem_manager import IMEI, FakeModemManager, fake_modem_manager
from skerry_simulate.devices.private_bus import private_bus
from skerry_simulate.faults import faults_from
from skerry_simulate.showing import announced_url, free_name, lasting_bus

__all__ = ["EMULATORS", "Emulator", "Running", "read_faults", "run_emulator"]


METER_NUMBERS = ("10000001", "10000002", "10000003")

AnyFaults = LineFaults | BleFaults | ManagerFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """One emulated device. `kind` is the driver's name, `make` builds its firmware, `tcp` = on a port, not a pty.

    An emulator without `make` needs a bus instead of a line. `options`: one for each device, where there are several.
    """

    about: str
    kind: str
    make: Callable[[Clock, Random], Firmware] | None = None
    tcp: bool = False
    url_prefix: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running emulator: configure a device of `kind` at `url` to talk to it, with `environment` set.

    `settings`: what to put into devices.attached for that.
    """

    name: str
    kind: str
    url: str
    host: PtyHost | TcpHost | FakeBluez | FakeModemManager
    environment: Mapping[str, str] = field(default_factory=dict)


EMULATORS: dict[str, Emulator] = {
    "corecell-usb": Emulator(
        about="SX1302 CoreCell USB microcontroller",
        kind="sx1302-usb",
        make=lambda clock, _: concentrator.CoreCellFirmware(clock=clock),
    ),
    "helium-hotspot": Emulator(about="Helium hotspot over Bluetooth, on a private D-Bus", kind="helium-ble"),
    "generic-lte": Emulator(
        about="LTE modem with the 3GPP commands only", kind="modem", make=lambda _, random: modem.generic_lte(random)
    ),
    "meter-line": Emulator(
        about=f"IEC 62056-21 meters {', '.join(METER_NUMBERS)} on one line",
        kind="iec62056",
        make=lambda clock, _: optical_meter.MeterLineFirmware(
            [optical_meter.OpticalMeterFirmware(clock=clock, serial=number) for number in METER_NUMBERS]
        ),
        options=tuple(f"address={number}" for number in METER_NUMBERS),
    ),
    "modem-manager": Emulator(about="ModemManager with a 5G modem, on a private D-Bus", kind=modem_manager_list.KIND),
    "optical-meter": Emulator(
        about="IEC 62056-21 mode C meter",
        kind="iec62056",
        make=lambda clock, _: optical_meter.OpticalMeterFirmware(clock=clock),
    ),
    "p1-be": Emulator(
        about="Belgian P1 meter with gas and water",
        kind="p1",
        make=lambda clock, _: meter.P1Firmware(clock=clock, country="be"),
    ),
    "p1-encrypted": Emulator(
        about="Luxembourg's P1 meter, whose telegrams are encrypted",
        kind="p1",
        make=lambda clock, _: meter.EncryptedP1Firmware(clock=clock),
    ),
    "p1-lu": Emulator(
        about="Luxembourg's P1 meter behind a reader that decrypts",
        kind="p1",
        make=lambda clock, _: meter.P1Firmware(clock=clock, country="lu"),
    ),
    "p1-se": Emulator(
        about="Swedish P1 meter, which tells no number",
        kind="p1",
        make=lambda clock, _: meter.P1Firmware(clock=clock, country="se"),
    ),
    "p1-v2": Emulator(
        about="DSMR 2.2 meter, every 10 s, no checksum",
        kind="p1-v2",
        make=lambda clock, _: meter.P1Firmware(clock=clock, version=2),
    ),
    "p1-v4": Emulator(
        about="DSMR 4 meter, every 10 s", kind="p1", make=lambda clock, _: meter.P1Firmware(clock=clock, version=4)
    ),
    "p1-v5": Emulator(
        about="DSMR 5 meter, every second", kind="p1", make=lambda clock, _: meter.P1Firmware(clock=clock, version=5)
    ),
    "picocell": Emulator(
        about="PicoCell gateway (SX1308)",
        kind="picogw",
        make=lambda clock, _: concentrator.PicoCellFirmware(clock=clock),
    ),
    "quectel-ec25": Emulator(
        about="Quectel EC25 on LTE band 3", kind="modem", make=lambda _, random: modem.quectel_ec25(random)
    ),
    "quectel-rm520n": Emulator(
        about="Quectel RM520N-GL on standalone 5G n78",
        kind="modem",
        make=lambda _, random: modem.quectel_rm520n(random),
    ),
    "quectel-rm520n-nsa": Emulator(
        about="Quectel RM520N-GL on LTE band 3 with 5G n78 beside it",
        kind="modem",
        make=lambda _, random: modem.quectel_rm520n_nsa(random),
    ),
    "sunspec-battery": Emulator(
        about="SunSpec storage (models 701, 702, 713) on Modbus TCP",
        kind="sunspec",
        make=lambda clock, _: sunspec_unit.ModbusFirmware(sunspec_unit.battery(clock), tcp=True),
        tcp=True,
        url_prefix="modbus-tcp://",
    ),
    "sunspec-bus": Emulator(
        about="SunSpec meter, inverter and storage as units 1 to 3 of one Modbus RTU bus",
        kind="sunspec",
        make=lambda clock, _: sunspec_unit.ModbusFirmware(
            {1: sunspec_unit.meter(clock), 2: sunspec_unit.inverter(clock), 3: sunspec_unit.battery(clock)}, tcp=False
        ),
        url_prefix="modbus-rtu://",
        options=("unit=1", "unit=2", "unit=3"),
    ),
    "sunspec-inverter": Emulator(
        about="SunSpec inverter (models 103, 160) on Modbus TCP",
        kind="sunspec",
        make=lambda clock, _: sunspec_unit.ModbusFirmware(sunspec_unit.inverter(clock), tcp=True),
        tcp=True,
        url_prefix="modbus-tcp://",
    ),
    "sunspec-meter-rtu": Emulator(
        about="SunSpec meter (model 203) on Modbus RTU",
        kind="sunspec",
        make=lambda clock, _: sunspec_unit.ModbusFirmware(sunspec_unit.meter(clock), tcp=False),
        url_prefix="modbus-rtu://",
    ),
}


def read_faults(name: str, text: str) -> AnyFaults:
    """Return the faults of a text such as `loss=0.2` in the terms of the named emulator. Raises `UsageError`."""
    kinds: dict[str, type[AnyFaults]] = {"helium-ble": BleFaults, modem_manager_list.KIND: ManagerFaults}
    return faults_from(kinds.get(EMULATORS[name].kind, LineFaults), text)


@asynccontextmanager
async def run_emulator(
    name: str,
    *,
    clock: Clock,
    random: Random,
    faults: AnyFaults = NO_LINE_FAULTS,
    announce: Path | None = None,
    port: int = 0,
) -> AsyncIterator[Running]:
    """Run an emulator for the length of the body. Raises `KeyError`, `BusUnavailable`.

    `announce`: a folder in which the device shows itself to `discovery.scan`, and where its pty has a lasting name.
    """
    emulator = EMULATORS[name]
    make = emulator.make
    if make is None or not isinstance(faults, LineFaults):
        on_bus = _managed_modem if emulator.kind == modem_manager_list.KIND else _hotspot
        async with on_bus(name, faults, announce) as running:
            yield running
    elif emulator.tcp:
        async with open_tcp(lambda: make(clock, random), clock=clock, random=random, faults=faults, port=port) as host:
            url = f"{emulator.url_prefix}127.0.0.1:{host.port}"
            with announced_url(announce, name, url):
                yield Running(name=name, kind=emulator.kind, url=url, host=host)
    else:
        folder = announce
        if folder is not None and emulator.url_prefix:
            # announced as a URL, its terminal aside: writing other questions to a Modbus bus would not be harmless
            folder = folder / BUSES
            folder.mkdir(mode=0o700, exist_ok=True)
        label = name if folder is None else free_name(folder, name)
        async with open_pty(
            make(clock, random), name=label, clock=clock, random=random, faults=faults, folder=folder
        ) as pty:
            url = emulator.url_prefix + pty.path
            with announced_url(announce if emulator.url_prefix else None, label, url):
                yield Running(name=name, kind=emulator.kind, url=url, host=pty)


@asynccontextmanager
async def _hotspot(name: str, faults: AnyFaults, announce: Path | None) -> AsyncIterator[Running]:
    faults = faults if isinstance(faults, BleFaults) else BleFaults()
    async with (
        private_bus(forbidden=BLUEZ if faults.forbidden else None) as bus,
        fake_bluez(bus, EmulatedHotspot(), faults=faults) as bluez,
    ):
        environment = {BUS_VARIABLE: bus}
        with announced_url(announce, name, announcement(ADDRESS, bus)):
            yield Running(name=name, kind="helium-ble", url=f"ble:{ADDRESS}", host=bluez, environment=environment)


@asynccontextmanager
async def _managed_modem(name: str, faults: AnyFaults, announce: Path | None) -> AsyncIterator[Running]:
    faults = faults if isinstance(faults, ManagerFaults) else ManagerFaults()
    async with (
        private_bus(forbidden=MODEM_MANAGER if faults.forbidden else None) as bus,
        fake_modem_manager(bus, faults=faults) as manager,
    ):
        with lasting_bus(announce, name, bus) as lasting:
            line = modem_manager_list.announcement(IMEI, lasting)
            with announced_url(announce, name, line):
                kind, _, url = line.partition(":")
                yield Running(name=name, kind=kind, url=url, host=manager)
