"""Scanning real pseudo-terminals and ports: emulators are recognised, and closed ports are explained."""

import asyncio
import os
from collections.abc import Awaitable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from runpy import run_path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket
from typing import Any

import pytest

from skerry_core.clock import Clock, SystemClock, io_timeout
from skerry_firmware_bridge.cellular.modem_manager_list import announced_manager, managed_modems
from skerry_firmware_bridge.device import Surroundings
from skerry_firmware_bridge.discovery import hotplug
from skerry_firmware_bridge.discovery.catalog import (
    ANYTHING,
    CONCENTRATORS,
    MODEM_KINDS,
    NOTHING,
    UART_KINDS,
    candidate,
)  # fmt: skip
from skerry_firmware_bridge.discovery.found import known_gateway
from skerry_firmware_bridge.discovery.gateways import GatewayHeard, ListenFor
from skerry_firmware_bridge.discovery.hotplug import folder_events, watch_ports
from skerry_firmware_bridge.discovery.ports import Port, changes, list_ports
from skerry_firmware_bridge.discovery.probe import probe
from skerry_firmware_bridge.discovery.scan import GATEWAYS_S, KnownDevice, ScannedDevice, Scope, scan
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import Firmware
from skerry_simulate.devices.modem_manager import IMEI, TWINS_IMEI
from skerry_simulate.devices.registry import EMULATORS, run_emulator
from skerry_simulate.lone_radio import LONE_RADIOS, lone_radio
from skerry_testing.modem_manager import emulated_manager
from skerry_testing.simulated import LINES, Bench, simulated

CLOCK = SystemClock()
# emulator: kind, and one trait of its identity
SERIAL = {
    "corecell-usb": ("sx1302-usb", "firmware", "V01.00.00"),
    "generic-lte": ("modem", "model", "LTE-1"),
    "optical-meter": ("iec62056", "serial", "12345678"),
    "p1-v2": ("p1-v2", "serial", "SKRY0000000001"),
    "p1-v4": ("p1", "serial", "SKRY0000000001"),
    "p1-v5": ("p1", "serial", "SKRY0000000001"),
    "picocell": ("picogw", "serial", b"86516061".hex()),
    "quectel-ec25": ("modem", "model", "EC25"),
    "quectel-rm520n": ("modem", "model", "RM520N-GL"),
    "quectel-rm520n-nsa": ("modem", "model", "RM520N-GL"),
    "rak3172": ("rak3172", "firmware", "RUI_4.0.6_RAK3172-E"),
    "rn2483": ("rn2483", "firmware", "1.0.5"),
    "wio-e5": ("wio-e5", "firmware", "4.0.11"),
}
MODBUS = {
    "sunspec-battery": ("sunspec", "serial", "SN0003"),
    "sunspec-inverter": ("sunspec", "serial", "SN0001"),
    "sunspec-meter-rtu": ("sunspec", "serial", "SN0002"),
}
EVERYTHING = Scope()


def _open(url: str, settings: SerialSettings) -> Awaitable[Link]:
    return open_link(url, clock=CLOCK, settings=settings)


AROUND = Surroundings(clock=CLOCK, random=Random(1), open_link=_open)


@pytest.fixture(autouse=True)
def _own_bluetooth_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")


def free_port(kind: int) -> int:
    with socket(AF_INET, kind) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _announced_only(*, announced: Path | None = None) -> list[Port]:
    """Leave the test machine's own ports alone."""
    return [port for port in list_ports(announced=announced) if port.announced]


def emulator(name: str, folder: Path, clock: Clock) -> AbstractAsyncContextManager[Any]:
    if name in LONE_RADIOS:
        return lone_radio(name, clock=clock, seed=1, folder=folder)
    return run_emulator(name, clock=clock, random=Random(2), announce=folder)


async def scan_emulators(names: Iterable[str], folder: Path, clock: Clock) -> dict[str, ScannedDevice]:
    """Scan while these run; by the name that each has in the folder."""
    around = replace(
        AROUND, clock=clock, open_link=lambda url, settings: open_link(url, clock=clock, settings=settings)
    )
    async with AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(emulator(name, folder, clock))
        found = await scan(EVERYTHING, around=around, announced=folder, ports=_announced_only)
    return {Path(device.port.path).name: device for device in found}


def test_every_emulator_at_a_terminal_is_recognised_with_its_identity(tmp_path: Path) -> None:
    found = simulated(lambda clock: scan_emulators(SERIAL, tmp_path, clock))
    traits = {name: (device.kind, device.identity.get(SERIAL[name][1])) for name, device in found.items()}
    assert traits == {name: (kind, value) for name, (kind, _, value) in SERIAL.items()}
    assert [device.problem for device in found.values() if device.problem] == []


def test_what_is_found_names_the_setting_that_uses_it(tmp_path: Path) -> None:
    found = simulated(lambda clock: scan_emulators(["wio-e5", "quectel-ec25"], tmp_path, clock))
    settings = {name: device.to_json()["setting"] for name, device in found.items()}
    assert settings == {
        "wio-e5": {"name": "serial.radios", "value": f"wio-e5:{tmp_path}/wio-e5"},
        "quectel-ec25": {"name": "devices.attached", "value": f"modem:{tmp_path}/quectel-ec25"},
    }


def test_a_station_that_the_agent_has_let_in_needs_no_setting() -> None:
    heard = ScannedDevice(port=Port(path="ws://127.0.0.1:3001", key="a"), guess="station", kind="station")
    let_in = KnownDevice(device_id="station:aa555a0000005e12", kind="station", place="aa555a0000005e12")
    assert heard.setting == ("station.listen", "127.0.0.1:3001")
    assert known_gateway(let_in).setting is None


@pytest.mark.parametrize("place", ["modbus-rtu:///dev/skerry-none", "modbus-tcp://127.0.0.1:9", "/dev/skerry-none"])
async def test_a_modbus_device_of_the_agent_is_listed_as_its_own_and_not_asked(place: str) -> None:
    used = KnownDevice(device_id=f"sunspec:{place}", kind="sunspec", place=place)
    path = place.removeprefix("modbus-rtu://")
    for name in (place, path):
        (found,) = await scan(Scope(only=(name,), known=(used,)), around=AROUND, ports=lambda announced: [])
        assert (found.device_id, found.problem) == (used.device_id, None)


async def test_modbus_devices_are_recognised_at_the_addresses_they_announce(tmp_path: Path) -> None:
    found = await scan_emulators(MODBUS, tmp_path, CLOCK)
    assert {(device.kind, device.identity["serial"]) for device in found.values()} == {
        (kind, value) for kind, _, value in MODBUS.values()
    }


async def test_a_port_that_two_names_lead_to_is_listed_once(tmp_path: Path) -> None:
    async with emulator("p1-v5", tmp_path, CLOCK):
        (tmp_path / "z-other-name").symlink_to(tmp_path / "p1-v5")
        found = await scan(Scope(probing=False), around=AROUND, announced=tmp_path, ports=_announced_only)
    assert [Path(device.port.path).name for device in found] == ["p1-v5"]


async def test_what_the_running_agent_uses_is_left_alone_and_named(tmp_path: Path) -> None:
    opened: list[str] = []

    async def refuse(url: str, _settings: SerialSettings) -> Link:
        opened.append(url)
        raise AssertionError(url)

    async with emulator("quectel-ec25", tmp_path, CLOCK) as modem:
        used = KnownDevice(device_id=f"modem:{modem.url}", kind="modem", place=modem.url, identity={"model": "EC25"})
        heard = KnownDevice(device_id="gwmp:aa555a0000000101", kind="gwmp", place="aa555a0000000101")
        scope = Scope(known=(used, heard))
        around = replace(AROUND, open_link=refuse)
        port, gateway = await scan(scope, around=around, announced=tmp_path, ports=_announced_only)
    assert (port.kind, port.device_id, port.identity) == ("modem", used.device_id, {"model": "EC25"})
    assert (gateway.kind, gateway.identity) == ("gwmp", {"eui": "aa555a0000000101"})
    assert opened == []


class UntilHeard(SystemClock):
    """A clock on which the time of listening lasts until three gateways have spoken."""

    def __init__(self, heard: set[str]) -> None:
        super().__init__()
        self._heard = heard
        self.listening = asyncio.Event()
        self.all_spoke = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds != GATEWAYS_S:
            await super().sleep(seconds)
            return
        self.listening.set()
        await self.all_spoke.wait()

    def note(self, **values: Any) -> GatewayHeard:
        heard = GatewayHeard(**values)
        self._heard.add(str(heard.identity["eui"]))
        if len(self._heard) == 3:
            self.all_spoke.set()
        return heard


async def test_gateways_that_speak_on_the_network_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = UntilHeard(set())
    monkeypatch.setattr("skerry_firmware_bridge.discovery.gateways.GatewayHeard", clock.note)
    gwmp, station = ("127.0.0.1", free_port(SOCK_DGRAM)), ("127.0.0.1", free_port(SOCK_STREAM))
    scope = Scope(listen=ListenFor(gwmp=gwmp, station=station))
    async with io_timeout(60), asyncio.TaskGroup() as group:
        looking = group.create_task(scan(scope, around=replace(AROUND, clock=clock), ports=_announced_only))
        await clock.listening.wait()
        async with (
            lone_radio("packet-forwarder", clock=CLOCK, seed=1, server=gwmp),
            lone_radio("basic-station", clock=CLOCK, seed=1, server=station),
        ):
            with socket(AF_INET, SOCK_DGRAM) as another:
                another.sendto(bytes.fromhex("02abcd02aa555a0000000777"), gwmp)
            await clock.all_spoke.wait()
    found = {device.identity["eui"]: device.kind for device in looking.result()}
    assert found == {"aa555a0000005e12": "station", "aa555a0000005e11": "gwmp", "aa555a0000000777": "gwmp"}


async def test_a_taken_address_for_gateways_is_explained_and_hinders_nothing_else(tmp_path: Path) -> None:
    with socket(AF_INET, SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        scope = Scope(listen=ListenFor(gwmp=("127.0.0.1", taken.getsockname()[1])))
        (device,) = await scan(scope, around=AROUND, ports=_announced_only)
    assert device.problem is not None
    assert device.problem["code"] == "E_UDP_BIND"


async def test_only_the_named_ports_are_looked_at_and_a_missing_one_is_explained(tmp_path: Path) -> None:
    async with emulator("p1-v5", tmp_path, CLOCK), emulator("quectel-ec25", tmp_path, CLOCK):
        scope = Scope(only=(f"{tmp_path}/p1-v5", f"{tmp_path}/absent"))
        meter, absent = await scan(scope, around=AROUND, announced=tmp_path, ports=_announced_only)
    assert meter.kind == "p1"
    assert absent.problem is not None
    assert absent.problem["code"] == "E_PORT_MISSING"


async def test_a_modbus_bus_is_asked_only_at_its_owners_word(tmp_path: Path) -> None:
    async with run_emulator("sunspec-meter-rtu", clock=CLOCK, random=Random(2), announce=tmp_path) as meter:
        path = meter.url.removeprefix("modbus-rtu://")
        unasked = await scan(Scope(only=(path,), probing=False), around=AROUND, ports=_announced_only)
        found = await asked_for_sunspec(path)
    assert [device.kind for device in unasked] == [None]
    assert (found.kind, found.port.path, found.identity["serial"]) == ("sunspec", f"modbus-rtu://{path}", "SN0002")


async def asked_for_sunspec(path: str) -> ScannedDevice:
    """Without the questions that come before, which take their time."""
    identified = await probe(path, frozenset({"sunspec"}), AROUND)
    assert identified is not None
    port = Port(path=identified.url or path, key=path)
    return ScannedDevice(port=port, guess="", kind=identified.kind, identity=identified.identity)


async def test_progress_is_told_with_what_is_still_waited_for(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    async with emulator("p1-v5", tmp_path, CLOCK), emulator("picocell", tmp_path, CLOCK):
        await scan(
            EVERYTHING,
            around=AROUND,
            announced=tmp_path,
            ports=_announced_only,
            on_progress=lambda fraction, words: told.append((round(fraction, 2), words)),
        )
    assert [fraction for fraction, _ in told] == [
        0.2,
        0.4,
        0.6,
        0.8,
        1.0,
    ]  # two ports, gateways, Bluetooth, ModemManager
    assert told[-1][1] == "done"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", sorted(name for name in SERIAL if name in EMULATORS))
def test_a_bad_line_makes_a_device_unknown_at_worst_and_never_another(name: str, line: str) -> None:
    async def main(clock: SimulatedClock) -> str | None:
        bench = Bench(EMULATORS[name].make, clock=clock, faults=LINES[line])
        kinds = ANYTHING.kinds | {"iec62056"}
        identified = await probe("bench", kinds, bench.around, any_speed=True)
        return None if identified is None else identified.kind

    kind = simulated(main)
    assert kind == SERIAL[name][0] or (kind is None and line == "20 % loss")


async def test_a_port_in_use_is_explained_with_a_remedy(tmp_path: Path) -> None:
    async with run_emulator("quectel-ec25", clock=CLOCK, random=Random(2), announce=tmp_path) as running:
        link = await _open(running.url, SerialSettings())
        try:
            (device,) = await scan(EVERYTHING, around=AROUND, announced=tmp_path, ports=_announced_only)
        finally:
            await link.close()
    assert device.kind is None
    assert device.problem is not None
    assert device.problem["code"] == "E_PORT_BUSY"
    assert device.problem["remedy"]


async def test_listing_without_probing_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "ghost").symlink_to("/dev/null")
    (device,) = await scan(Scope(probing=False), around=AROUND, announced=tmp_path, ports=_announced_only)
    assert (device.kind, device.guess) == (None, "emulated device")


@pytest.mark.parametrize(
    ("vid", "pid", "product", "interface", "kinds"),
    [
        (0x0483, 0x5740, "STM32 Virtual ComPort", 0, CONCENTRATORS),
        (0x0483, 0x5740, "SEMTECH PicoGW Virtual ComPort", 0, frozenset({"picogw"})),
        (0x0483, 0xDF11, "DFU", 0, NOTHING),
        (0x2C7C, 0x0801, "RM520N-GL", 2, MODEM_KINDS),
        (0x2C7C, 0x0801, "RM520N-GL", 1, NOTHING),
        (0x2C7C, 0x0128, "EM060K", 5, MODEM_KINDS),
        (0x0403, 0x6001, "FT232R", 0, UART_KINDS),
        (0x1546, 0x01A8, "u-blox 8", 0, NOTHING),
        (0xFFFF, 0x0001, None, 0, NOTHING),
    ],
)
def test_the_usb_identity_decides_what_may_be_asked(
    vid: int, pid: int, product: str | None, interface: int, kinds: frozenset[str]
) -> None:
    assert candidate(vid=vid, pid=pid, product=product, interface=interface).kinds == kinds


def test_a_port_that_moved_has_gone_and_come() -> None:
    old, new = Port(path="/dev/a", key="k"), Port(path="/dev/b", key="k")
    assert [(change.port.path, change.appeared) for change in changes([old], [new])] == [
        ("/dev/a", False),
        ("/dev/b", True),
    ]


async def test_plugging_an_emulator_in_and_out_is_noticed(tmp_path: Path) -> None:
    seen: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
    looked, loop = asyncio.Event(), asyncio.get_running_loop()

    def look(*, announced: Path | None = None) -> list[Port]:
        found = _announced_only(announced=announced)
        loop.call_soon_threadsafe(looked.set)
        return found

    async def watch() -> None:
        async for change in watch_ports(clock=CLOCK, announced=tmp_path, ports=look, folders=()):
            await seen.put((Path(change.port.path).name, change.appeared))

    async with io_timeout(60), asyncio.TaskGroup() as group:
        task = group.create_task(watch(), name="watch")
        await looked.wait()
        async with run_emulator("picocell", clock=CLOCK, random=Random(2), announce=tmp_path):
            assert await seen.get() == ("picocell", True)
        assert await seen.get() == ("picocell", False)
        task.cancel()


def test_the_watch_can_be_imported_where_the_system_has_no_such_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_NONBLOCK")
    monkeypatch.delattr(os, "O_CLOEXEC")
    assert run_path(hotplug.__file__)["watch_ports"]


def test_a_port_that_goes_while_it_is_looked_at_does_not_end_the_watching() -> None:
    port = Port(path="/dev/a", key="a")
    looks: list[list[Port] | None] = [[], None, [port]]

    def look(*, announced: Path | None) -> list[Port]:
        found = looks.pop(0)
        if found is None:
            raise FileNotFoundError(announced)
        return found

    async def main(clock: SimulatedClock) -> None:
        watcher = watch_ports(clock=clock, ports=look, folders=())
        async for change in watcher:
            assert (change.port, change.appeared) == (port, True)
            break
        await watcher.aclose()  # type: ignore[attr-defined]  # it is a generator

    simulated(main)


async def test_a_port_is_known_for_what_it_is_by_each_of_its_names(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    by_path = tmp_path / "by-path"
    by_path.symlink_to(device)
    port = Port(path="/dev/serial/by-id/usb-x", key="k", device=str(device), vid=0x10C4, pid=0xEA60)
    for name in (str(device), str(by_path), port.path, port.key):
        scope = Scope(probing=False, only=(name,))
        (found,) = await scan(scope, around=AROUND, ports=lambda *, announced: [port])
        assert found.port == port
        assert found.guess == "Silicon Labs USB-UART adapter"


async def test_a_folder_that_cannot_be_watched_falls_back_to_polling(tmp_path: Path) -> None:
    with folder_events([tmp_path / "absent"]) as changed:
        assert changed is None
    with folder_events([tmp_path]) as changed:
        assert changed is not None
        os.mkdir(tmp_path / "new")
        async with io_timeout(60):
            await changed.wait()


def test_the_udev_rules_name_every_adapter_that_discovery_knows() -> None:
    rules = (Path(__file__).resolve().parents[3] / "packaging/udev/60-skerry.rules").read_text()
    for vendor in ("0483", "0403", "10c4", "1a86", "067b", "2c7c"):
        assert f'ATTRS{{idVendor}}=="{vendor}"' in rules


@pytest.mark.debian
async def test_an_emulated_hotspot_is_found_on_its_private_bus(tmp_path: Path) -> None:
    async with run_emulator("helium-hotspot", clock=CLOCK, random=Random(2), announce=tmp_path) as running:
        (device,) = await scan(EVERYTHING, around=AROUND, announced=tmp_path, ports=_announced_only)
    assert (device.kind, device.port.path, device.problem) == ("helium-ble", running.url, None)
    assert device.identity["serial_number"] == "EMU0A1B"


@pytest.mark.debian
async def test_an_emulated_manager_is_found(tmp_path: Path) -> None:
    async with run_emulator("modem-manager", clock=CLOCK, random=Random(2), announce=tmp_path) as running:
        (device,) = await scan(EVERYTHING, around=AROUND, announced=tmp_path, ports=_announced_only)
    assert (device.kind, device.port.path, device.problem) == ("modem-manager", running.url, None)
    assert device.identity["model"] == "RM520N-GL"
    assert device.setting == ("devices.attached", f"modem-manager:{IMEI}?bus=unix:path={tmp_path}/buses/modem-manager")
    assert list_ports(announced=tmp_path, by_id=tmp_path) == list_ports(by_id=tmp_path)  # nothing is left behind


@pytest.mark.debian
@pytest.mark.parametrize("place", ["any", IMEI])
async def test_a_managed_modem_that_the_agent_uses_is_known(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulated_manager("twin") as manager:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", manager.bus_address)
        used = KnownDevice(device_id="m", kind="modem-manager", place=place, identity={"imei": IMEI})
        found = await scan(Scope(probing=False, known=(used,)), around=AROUND, ports=lambda announced: [])
    assert [(device.port.path, device.device_id) for device in found] == [(IMEI, "m"), (TWINS_IMEI, None)]


@pytest.mark.debian
@pytest.mark.parametrize(
    ("faults", "code"), [("forbidden", "E_MM_FORBIDDEN"), ("junk=2", "E_MM_SILENT"), ("absent", None)]
)
async def test_a_manager_that_cannot_be_asked_is_listed_with_the_reason(
    faults: str, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with emulated_manager(faults) as manager:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", manager.bus_address)
        found = await scan(Scope(probing=False), around=AROUND, ports=lambda announced: [])
    assert [device.problem and device.problem["code"] for device in found] == [code] * (code is not None)


async def test_a_computer_without_a_manager_has_none_and_no_problem() -> None:
    assert await managed_modems() == []


@pytest.mark.parametrize("line", ["modem-manager:any", "modem-manager:any?bus=", "modem:/dev/x?bus=unix:path=/x"])
def test_other_announcements_name_no_manager(line: str) -> None:
    assert announced_manager(line) is None


class OldRak(Firmware):
    """A RAK3172 before RUI3, behind a real line: it hears nothing but 9600 baud."""

    def __init__(self) -> None:
        self._line = b""

    def receive(self, data: bytes) -> bytes:
        *lines, self._line = (self._line + data).split(b"\n")
        answers = {b"AT": b"OK", b"AT+VER=?": b"V1.0.4\r\n\r\nOK"}
        return b"".join(b"\r\n" + answers.get(line.strip(), b"AT_ERROR") + b"\r\n" for line in lines if line.strip())


def test_a_module_at_its_old_speed_is_found_and_asked_at_that_speed() -> None:
    async def main(clock: SimulatedClock) -> tuple[str, object] | None:
        bench = Bench(lambda *_: OldRak(), clock=clock, faults=LINES["plain"])
        silent = Bench(lambda *_: Silent(), clock=clock, faults=LINES["plain"])

        async def opened(url: str, settings: SerialSettings) -> Link:
            return await (bench if settings.baudrate == 9600 else silent).open_link(url, settings)

        identified = await probe("port", UART_KINDS, replace(bench.around, open_link=opened))
        return None if identified is None else (identified.kind, identified.identity["firmware"])

    assert simulated(main) == ("rak3172", "1.0.4")


class Silent(Firmware):
    def receive(self, data: bytes) -> bytes:
        return b""


async def test_a_mistake_at_one_port_does_not_hide_the_others(tmp_path: Path) -> None:
    async def opened(url: str, settings: SerialSettings) -> Link:
        if url.endswith("quectel-ec25"):
            raise ZeroDivisionError
        return await _open(url, settings)

    async with emulator("p1-v5", tmp_path, CLOCK), emulator("quectel-ec25", tmp_path, CLOCK):
        around = replace(AROUND, open_link=opened)
        found = await scan(EVERYTHING, around=around, announced=tmp_path, ports=_announced_only)
    codes = {Path(one.port.path).name: (one.kind, one.problem and one.problem["code"]) for one in found}
    assert codes == {"p1-v5": ("p1", None), "quectel-ec25": (None, "E_SCAN_FAILED")}


async def test_two_devices_of_one_name_are_both_listed() -> None:
    twins = [Port(path="ble:00:16:C0:F0:00:01", key="1"), Port(path="ble:00:16:C0:F0:00:01", key="2")]
    found = await scan(Scope(probing=False), around=AROUND, ports=lambda **_: twins)
    assert [device.port.key for device in found] == ["1", "2"]
