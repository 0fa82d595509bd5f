"""Scanning real pseudo-terminals and ports: emulators are recognised, and closed ports are explained."""

import asyncio
import os
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_core.errors import RefusedError
from skerry_firmware_bridge.device import Surroundings
from skerry_firmware_bridge.discovery.catalog import candidate
from skerry_firmware_bridge.discovery.hotplug import folder_events, watch_ports
from skerry_firmware_bridge.discovery.ports import Port, announcement_folder, changes, list_ports
from skerry_firmware_bridge.discovery.scan import scan
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.devices.registry import run_emulator

CLOCK = SystemClock()
EXPECTED = {
    "corecell-usb": ("sx1302-usb", "firmware", "V01.00.00"),
    "p1-v5": ("p1", "serial", "SKRY0000000001"),
    "picocell": ("picogw", "serial", b"86516061".hex()),
    "quectel-ec25": ("modem", "model", "EC25"),
    "quectel-rm520n": ("modem", "model", "RM520N-GL"),
    "sunspec-inverter": ("sunspec", "serial", "SN0001"),
    "sunspec-meter-rtu": ("sunspec", "serial", "SN0002"),
}


def _open(url: str, settings: SerialSettings) -> Awaitable[Link]:
    return open_link(url, clock=CLOCK, settings=settings)


AROUND = Surroundings(clock=CLOCK, random=Random(1), open_link=_open)


def _announced_only(*, announced: Path | None = None) -> list[Port]:
    """Leave the test machine's own ports alone."""
    return [port for port in list_ports(announced=announced) if port.announced]


async def test_seven_running_emulators_are_each_recognised(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        for name in EXPECTED:
            await stack.enter_async_context(run_emulator(name, clock=CLOCK, random=Random(2), announce=tmp_path))
        found = await scan(around=AROUND, announced=tmp_path, ports=_announced_only)
    by_url = {device.port.path: device.to_json() for device in found}
    assert len(by_url) == len(EXPECTED)
    for name, (kind, field, value) in EXPECTED.items():
        kinds = [
            device
            for device in by_url.values()
            if device["kind"] == kind and device["identity"].get(field) == value and device["problem"] is None
        ]
        assert kinds, f"{name} not among {by_url}"


async def test_a_port_in_use_is_explained_with_a_remedy(tmp_path: Path) -> None:
    async with run_emulator("quectel-ec25", clock=CLOCK, random=Random(2), announce=tmp_path) as running:
        link = await _open(running.url, SerialSettings())
        try:
            (device,) = await scan(around=AROUND, announced=tmp_path, ports=_announced_only)
        finally:
            await link.close()
    assert device.kind is None
    assert device.problem is not None
    assert device.problem["code"] == "E_PORT_BUSY"
    assert device.problem["remedy"]


async def test_listing_without_probing_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "ghost").symlink_to("/dev/null")
    (device,) = await scan(around=AROUND, announced=tmp_path, ports=_announced_only, probing=False)
    assert (device.kind, device.guess) == (None, "announced serial device")


async def test_the_note_of_a_killed_emulator_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "sunspec-inverter-4194305.url").write_text("modbus-tcp://127.0.0.1:9\n")  # above any process number
    assert await scan(around=AROUND, announced=tmp_path, ports=_announced_only) == []


@pytest.mark.parametrize(
    ("vid", "pid", "product", "interface", "kinds"),
    [
        (0x0483, 0x5740, "STM32 Virtual ComPort", 0, ("sx1302-usb", "picogw")),
        (0x0483, 0x5740, "SEMTECH PicoGW Virtual ComPort", 0, ("picogw",)),
        (0x0483, 0xDF11, "DFU", 0, ()),
        (0x2C7C, 0x0801, "RM520N-GL", 2, ("modem",)),
        (0x2C7C, 0x0801, "RM520N-GL", 1, ()),
        (0x2C7C, 0x0128, "EM060K", 5, ("modem",)),
        (0x0403, 0x6001, "FT232R", 0, ("p1", "p1-v2", "modem")),
        (0x1546, 0x01A8, "u-blox 8", 0, ()),
        (0xFFFF, 0x0001, None, 0, ()),
    ],
)
def test_the_usb_identity_decides_what_may_be_asked(
    vid: int, pid: int, product: str | None, interface: int, kinds: tuple[str, ...]
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

    async def watch() -> None:
        watcher = watch_ports(clock=CLOCK, announced=tmp_path, ports=_announced_only, folders=())
        async for change in watcher:
            await seen.put((Path(change.port.path).name, change.appeared))

    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch(), name="watch")
        await CLOCK.sleep(0.1)
        async with run_emulator("picocell", clock=CLOCK, random=Random(2), announce=tmp_path), io_timeout(10):
            assert await seen.get() == ("picocell", True)
        async with io_timeout(10):
            assert await seen.get() == ("picocell", False)
        task.cancel()


async def test_a_folder_that_cannot_be_watched_falls_back_to_polling(tmp_path: Path) -> None:
    with folder_events([tmp_path / "absent"]) as changed:
        assert changed is None
    with folder_events([tmp_path]) as changed:
        assert changed is not None
        os.mkdir(tmp_path / "new")
        async with io_timeout(5):
            await changed.wait()


def test_the_announcement_folder_is_private_and_refuses_a_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = announcement_folder()
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert announcement_folder() == folder
    folder.rmdir()
    folder.symlink_to("/etc")
    with pytest.raises(RefusedError):
        announcement_folder()


def test_the_udev_rules_name_every_adapter_that_discovery_knows() -> None:
    rules = (Path(__file__).resolve().parents[3] / "packaging/udev/60-skerry.rules").read_text()
    for vendor in ("0483", "0403", "10c4", "1a86", "067b", "2c7c"):
        assert f'ATTRS{{idVendor}}=="{vendor}"' in rules
