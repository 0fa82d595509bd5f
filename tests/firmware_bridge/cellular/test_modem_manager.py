"""A modem that ModemManager owns is read over a real D-Bus, and whatever goes wrong there says what to do."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.cellular import modem_manager_bus
from skerry_firmware_bridge.cellular.modem_manager import MEASURE_S, ManagedModemSession, open_managed_modem
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected, LinkLost, LinkRefused
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged, StatusReported
from skerry_firmware_bridge.supervise import supervise
from skerry_simulate.devices.modem_manager import IMEI, TWINS_IMEI, FakeModemManager
from skerry_simulate.devices.private_bus import BusUnavailable, private_bus
from skerry_testing.modem_manager import emulated_manager

CLOCK = SystemClock()
AROUND = Surroundings(
    clock=CLOCK, random=Random(1), open_link=lambda url, settings: open_link(url, clock=CLOCK, settings=settings)
)
LIMIT_S = 60.0


def _config(bus: str, place: str = "any", **options: int) -> DeviceConfig:
    return DeviceConfig(device_id="m", kind="modem-manager", url=place, options={"bus": bus, **options})


@asynccontextmanager
async def _session(manager: FakeModemManager, place: str = "any", **options: int) -> AsyncIterator[ManagedModemSession]:
    async with io_timeout(LIMIT_S), open_managed_modem(_config(manager.bus_address, place, **options), AROUND) as found:
        yield found


@pytest.mark.debian
async def test_a_modem_tells_who_it_is_and_what_it_hears_in_the_words_of_the_at_driver() -> None:
    async with emulated_manager() as manager, _session(manager) as session:
        identity = await session.identify()
        await session.read()
        values = await session.read()
    assert identity == {"maker": "Quectel", "model": "RM520N-GL", "firmware": "RM520NGLAAR03A03M4G", "imei": IMEI}
    assert {name: value for name, value in values.items() if value is not None} == {
        "sim": "ready", "registration": "home", "access_technology": "nr_5gc", "mode": "sa", "operator": "Test Network",
        "mcc": "001", "mnc": "01", "tac": 0x15EC, "cell_id": 0x12AA54086, "nr_rsrp_dbm": -84, "nr_rsrq_db": -11,
        "nr_sinr_db": 19, "nr_band": 78, "nr_band_inferred": 1, "nr_pci": 262, "nr_arfcn": 634080,
        "nr_cell_id": 0x12AA54086, "neighbours": 1, "neighbour_cells": "nr 634080/263 -101 dBm",
        "signal_quality_pct": 61, "manager_state": "connected", "signal_dbm": -84, "signal_age_s": 0,
        "signal_state": "fresh", "last_cell": "nr n78 634080/262", "last_cell_age_s": 0,
    }  # fmt: skip


@pytest.mark.debian
@pytest.mark.parametrize(
    ("faults", "place", "code", "named"),
    [
        ("absent", "any", "E_MM_NO_MODEM", "none at all"),
        ("", TWINS_IMEI, "E_MM_NO_MODEM", IMEI),
        ("twin", "any", "E_MM_SEVERAL", TWINS_IMEI),
        ("disabled", "any", "E_MM_DISABLED", "nmcli radio wwan on"),
        ("failed=2", "any", "E_MM_FAILED", "Insert a SIM"),
        ("failed=1", "any", "E_MM_FAILED", "journalctl"),
        ("forbidden", "any", "E_MM_FORBIDDEN", "/etc/dbus-1/system.d"),
    ],
)
async def test_a_modem_that_cannot_be_used_says_why_and_what_to_do(
    faults: str, place: str, code: str, named: str
) -> None:
    async with emulated_manager(faults) as manager:
        with pytest.raises(LinkRefused, match=named) as raised:
            async with _session(manager, place) as session:
                await session.identify()
        assert "Setup" not in manager.calls
    assert raised.value.code == code


@pytest.mark.debian
async def test_of_two_modems_the_imei_chooses() -> None:
    async with emulated_manager("twin") as manager, _session(manager, TWINS_IMEI) as session:
        assert (await session.identify())["imei"] == TWINS_IMEI


@pytest.mark.debian
async def test_a_modem_that_waits_for_its_pin_says_so_and_tells_no_numbers() -> None:
    async with emulated_manager("locked") as manager, _session(manager) as session:
        await session.identify()
        values = await session.read()
        assert {"Setup", "GetCellInfo"}.isdisjoint(manager.calls)
    assert {name: value for name, value in values.items() if value is not None} == {
        "sim": "sim pin",
        "manager_state": "locked",
        "registration": "not_searching",
    }


@pytest.mark.debian
async def test_without_the_permission_there_are_no_cells_and_no_levels_and_nobody_is_bothered_twice() -> None:
    async with emulated_manager("denied") as manager, _session(manager) as session:
        await session.identify()
        for _ in range(3):
            values = await session.read()
        assert [manager.calls.count(name) for name in ("Setup", "GetCellInfo")] == [1, 1]
    assert values["signal_quality_pct"] == 61
    assert {values[name] for name in ("signal_dbm", "nr_rsrp_dbm", "neighbours", "tac", "nr_pci")} == {None}


@pytest.mark.debian
async def test_the_measuring_is_begun_only_where_nobody_has_and_taken_back_at_the_end() -> None:
    async with emulated_manager() as manager:
        async with _session(manager) as session:
            await session.identify()
            await session.read()
            assert manager.rate_s == MEASURE_S
        assert manager.rate_s == 0
        manager.rate_s = 30
        async with _session(manager) as session:
            await session.identify()
            await session.read()
        assert (manager.rate_s, manager.calls.count("Setup")) == (30, 2)


@pytest.mark.debian
async def test_what_somebody_has_changed_meanwhile_is_left_alone() -> None:
    async with emulated_manager() as manager:
        async with _session(manager, measure_s=7) as session:
            await session.identify()
            await session.read()
            assert manager.rate_s == 7
            manager.rate_s = 30
        assert manager.rate_s == 30


@pytest.mark.debian
async def test_an_owner_can_forbid_the_measuring() -> None:
    async with emulated_manager() as manager, _session(manager, measure_s=0) as session:
        await session.identify()
        await session.read()
        assert "Setup" not in manager.calls


@pytest.mark.debian
async def test_values_of_wrong_types_are_unknown() -> None:
    async with emulated_manager("junk") as manager, _session(manager) as session:
        assert (await session.identify())["imei"] == IMEI
        values = await session.read()
    assert {name: value for name, value in values.items() if value is not None} == {}


@pytest.mark.debian
async def test_an_answer_that_is_no_list_of_objects_is_refused() -> None:
    async with emulated_manager("junk=2") as manager:
        with pytest.raises(FrameRejected, match="not_objects"):
            async with _session(manager) as session:
                await session.identify()


@pytest.mark.debian
async def test_a_silent_manager_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modem_manager_bus, "ANSWER_LIMIT_S", 0.2)
    async with emulated_manager() as manager, _session(manager) as session:
        await session.identify()
        manager.faults.silent = True
        with pytest.raises(DeviceTimeout, match="GetManagedObjects within"):
            await session.keep_alive()


@pytest.mark.debian
@pytest.mark.parametrize(("event", "words"), [("unplug", "no longer has the modem"), ("restart", "ModemManager")])
async def test_the_loss_of_modem_or_manager_is_noticed_at_once(event: str, words: str) -> None:
    async with emulated_manager() as manager, _session(manager) as session:
        await session.identify()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_lost(session))
            getattr(manager, event)()
        assert words in watching.result()
        with pytest.raises(LinkLost):
            await session.read()


async def _lost(session: ManagedModemSession) -> str:
    with pytest.raises(LinkLost) as raised:
        await session.watch()
    return str(raised.value)


@pytest.mark.debian
async def test_a_bus_without_a_manager_says_how_to_start_it_and_does_not_start_it() -> None:
    try:
        async with private_bus() as address:
            with pytest.raises(LinkRefused, match="systemctl enable --now ModemManager") as raised:
                async with open_managed_modem(_config(address), AROUND) as session:
                    await session.identify()
    except BusUnavailable as error:
        pytest.skip(str(error))
    assert raised.value.code == "E_MM_NOT_RUNNING"


@pytest.mark.debian
async def test_a_bus_that_ends_is_a_lost_link() -> None:
    async with emulated_manager() as manager, _session(manager) as session:
        await session.identify()
        bus: Any = session._manager._bus
        bus.disconnect()
        with pytest.raises(LinkLost, match="D-Bus has ended"):
            await session.read()


@pytest.mark.parametrize("address", ["unix:path=/nonexistent", "nonsense", "unix:", "tcp:host=127.0.0.1,port=x", ""])
async def test_without_a_bus_there_is_no_manager(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    with pytest.raises(LinkRefused, match="There is no D-Bus") as raised:
        async with open_managed_modem(_config(address), AROUND):
            raise AssertionError
    assert raised.value.code == "E_MM_NO_DBUS"
    assert "Error" not in raised.value.detail
    assert ("sudo apt install" in raised.value.remedy) == (not address)  # another bus is not mended by it


async def test_elsewhere_than_on_linux_the_at_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LinkRefused, match="AT port") as raised:
        async with open_managed_modem(_config("unix:path=/x"), AROUND):
            raise AssertionError
    assert raised.value.code == "E_MM_PLATFORM"


async def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbus_fast", None)
    with pytest.raises(LinkRefused, match="dbus-fast") as raised:
        async with open_managed_modem(_config("unix:path=/x"), AROUND):
            raise AssertionError
    assert raised.value.code == "E_MM_PLATFORM"


def test_the_bus_library_is_imported_by_use_only() -> None:
    program = "import sys, skerry_firmware_bridge.discovery.scan, skerry_firmware_bridge.drivers"
    program += "; sys.exit('dbus_fast' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.debian
@pytest.mark.parametrize("event", ["move", "restart"])
async def test_a_supervised_modem_comes_back_by_itself_at_another_object_path(event: str) -> None:
    events: asyncio.Queue[DeviceEvent] = asyncio.Queue()
    async with emulated_manager() as manager, io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        config = _config(manager.bus_address, IMEI)
        task = group.create_task(supervise(config, around=AROUND, events=events.put_nowait))
        await _until(events, DeviceState.UP)
        before = manager.path
        getattr(manager, event)()
        lost = await _until(events, DeviceState.UNKNOWN)
        assert "it is opened again as soon as it is back." in lost.reason
        await _until(events, DeviceState.UP)
        report = await events.get()
        assert manager.path != before
        task.cancel()
    assert isinstance(report, StatusReported)
    assert report.values["imei"] == IMEI


@pytest.mark.debian
async def test_a_supervised_modem_that_is_switched_on_again_is_up_again() -> None:
    events: asyncio.Queue[DeviceEvent] = asyncio.Queue()
    async with emulated_manager("disabled") as manager, io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        config = _config(manager.bus_address)
        task = group.create_task(supervise(config, around=AROUND, events=events.put_nowait))
        assert "switched the modem" in (await _until(events, DeviceState.UNKNOWN)).reason
        manager.faults.disabled = False
        await _until(events, DeviceState.UP)
        task.cancel()


@pytest.mark.debian
async def test_a_supervised_modem_whose_manager_falls_silent_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modem_manager_bus, "ANSWER_LIMIT_S", 0.2)
    events: asyncio.Queue[DeviceEvent] = asyncio.Queue()
    async with emulated_manager() as manager, io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        config = _config(manager.bus_address, poll_s=1)
        task = group.create_task(supervise(config, around=AROUND, events=events.put_nowait))
        await _until(events, DeviceState.UP)
        manager.faults.silent = True
        reason = (await _until(events, DeviceState.UNKNOWN)).reason
        manager.faults.silent = False
        await _until(events, DeviceState.UP)
        task.cancel()
    assert "no answer to GetManagedObjects within" in reason
    assert "sudo systemctl restart ModemManager" in reason


async def _until(events: asyncio.Queue[DeviceEvent], state: DeviceState) -> StateChanged:
    while True:
        event = await events.get()
        if isinstance(event, StateChanged) and event.state is state:
            return event


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("mmcli") is None, reason="needs mmcli: sudo apt install modemmanager")
async def test_the_emulator_is_a_manager_to_modem_managers_own_client() -> None:
    async with emulated_manager() as manager, _session(manager) as session:
        identity = await session.identify()
        await session.read()
        values = await session.read()
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": manager.bus_address}

        async def told(*arguments: str) -> Any:
            process = await asyncio.create_subprocess_exec(
                "mmcli", "-m", "any", "-J", *arguments, env=environment, stdout=subprocess.PIPE
            )
            return json.loads((await process.communicate())[0])["modem"]

        modem, signal = await told(), (await told("--signal-get"))["signal"]
    generic, network = modem["generic"], modem["3gpp"]
    assert (generic["manufacturer"], generic["model"], network["imei"]) == tuple(
        identity[name] for name in ("maker", "model", "imei")
    )
    assert (network["registration-state"], network["operator-name"]) == (values["registration"], values["operator"])
    assert generic["signal-quality"] == {"value": str(values["signal_quality_pct"]), "recent": "yes"}
    assert (float(signal["5g"]["rsrq"]), float(signal["5g"]["snr"])) == (values["nr_rsrq_db"], values["nr_sinr_db"])
    assert signal["lte"]["rssi"] == "--"
