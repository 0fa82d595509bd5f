"""What resets a radio's hardware, and that a module which hangs is healed by its line and by nothing less."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from errno import EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOTTY
from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge import hardware_reset, kernel_io
from skerry_firmware_bridge.at_radio.dialect import Tuning
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.hardware_reset import HardwareReset, Means, ResetFailed, perform, pulse, read_reset
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.reconnect import LinkChange, LinkState, Reconnector
from skerry_firmware_bridge.links.reopening import Reopening
from skerry_firmware_bridge.links.settings import Pin, SerialSettings
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, FrameHeard, StateChanged
from skerry_firmware_bridge.repair import MAX_DUE, RadioRepair
from skerry_firmware_bridge.sentinel.ladder import Repair
from skerry_radio.lora import Datarate
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.lone_radio import CELL, NEIGHBOUR_CELL
from skerry_simulate.medium import RfMedium
from skerry_testing.gpio import FakeKernel

DEVICE = "wio-e5:port"
LIMIT_S = 60.0
TUNING = Tuning(frequency_hz=868_100_000, datarate=Datarate.parse("SF7BW125"))


@pytest.mark.parametrize(
    ("text", "means", "argument"),
    [
        ("dtr-low@wio-e5:/dev/ttyUSB0", Means.DTR_LOW, ""),
        ("usb@rak3172:/dev/serial/by-id/x", Means.USB, ""),
        ("gpio:/dev/gpiochip0:17@gwmp:aa", Means.GPIO, "/dev/gpiochip0:17"),
        ("command:/usr/bin/reset a@b@gwmp:aa", Means.COMMAND, "/usr/bin/reset a@b"),
    ],
)
def test_settings_are_read(text: str, means: Means, argument: str) -> None:
    found = read_reset(text)
    assert (found.means, found.argument) == (means, argument)
    assert found.device_id == text.rpartition("@")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dtr-low",
        "dtr-low@",
        "dtr@x:y",
        "command:@x:y",
        "command@x:y",
        "usb:1@x:y",
        "gpio:/dev/x@x:y",
        "usb:@x:y",
        "command: @x:y",
        "command:'@x:y",
        "gpio:/dev/gpiochip0:4294967296@x:y",
        f"gpio:/dev/x:{'9' * 5000}@x:y",
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_words_to_write(text: str) -> None:
    with pytest.raises(UsageError, match="E_RADIO_RESET") as caught:
        read_reset(text)
    assert caught.value.remedy


class Module:
    """A Wio-E5 at a network port, kept running by the real driver and reconnector."""

    def __init__(self, reset: HardwareReset | None) -> None:
        self.clock = SystemClock()
        self.medium = RfMedium(clock=self.clock, seed=1)
        self.neighbour = self.medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
        self.events: list[DeviceEvent] = []
        self.emulator = AtRadioEmulator(
            kind="wio-e5", name="module", cell=CELL, medium=self.medium, clock=self.clock, seed=1,
            resets_on=("dtr", False),
        )  # fmt: skip
        self.radio = AtRadio(
            device_id=DEVICE, dialect=DIALECTS["wio-e5"](), tuning=TUNING, clock=self.clock, sink=self.events.append,
            patience=0.05,
        )  # fmt: skip
        self.links = {DEVICE: Reopening()}
        self.repair = RadioRepair(
            resets=[] if reset is None else [reset], links=self.links, soft_resets={DEVICE: self.radio.reset_next},
            clock=self.clock, sink=self.events.append,
        )  # fmt: skip

    async def open(self) -> Link:
        line = self.repair.rested(DEVICE, SerialSettings(baudrate=9600))
        return await open_link(self.emulator.path, clock=self.clock, settings=line)

    def changed(self, change: LinkChange) -> None:
        if change.state is LinkState.LOST:
            wall_ns = self.clock.wall_ns()
            down = StateChanged(device_id=DEVICE, state=DeviceState.DOWN, reason=change.reason, wall_ns=wall_ns)
            self.events.append(down)

    async def until(self, state: DeviceState, *, seen: int = 0) -> None:
        while not any(isinstance(event, StateChanged) and event.state is state for event in self.events[seen:]):
            await self.clock.sleep(0.01)

    @asynccontextmanager
    async def running(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
        monkeypatch.setattr("skerry_firmware_bridge.links.backoff.PAUSES_S", (0.05,))
        monkeypatch.setattr(hardware_reset, "PULSE_S", 0.02)
        reconnector = Reconnector(
            name=DEVICE, open_link=self.open, use=lambda link: self.links[DEVICE].use(self.radio.run, link),
            clock=self.clock, random=Random(1), on_change=self.changed,
        )  # fmt: skip
        async with io_timeout(LIMIT_S), self.emulator, asyncio.TaskGroup() as group:
            tasks = [group.create_task(reconnector.run()), group.create_task(self.repair.run())]
            await self.until(DeviceState.UP)
            yield
            for task in tasks:
                task.cancel()


async def test_a_module_that_hangs_is_healed_by_its_line_and_by_nothing_less(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module(read_reset(f"dtr-low@{DEVICE}"))
    async with module.running(monkeypatch):
        module.emulator.hang()
        for stage in (Repair.SOFT_RESET, Repair.RESTART_LINK):
            seen = len(module.events)
            assert module.repair.begin(DEVICE, stage)
            await module.until(DeviceState.DOWN, seen=seen)
        assert not any(
            isinstance(event, StateChanged) and event.state is DeviceState.UP for event in module.events[seen:]
        )
        seen, resets = len(module.events), module.emulator.resets
        assert module.repair.begin(DEVICE, Repair.HARD_RESET) == "Its hardware is reset by dtr-low."
        await module.until(DeviceState.UP, seen=seen)
        assert module.emulator.resets == resets + 1
        module.medium.transmit(
            module.neighbour, phy=b"\x40" * 16, frequency_hz=868_100_000, datarate="SF7BW125", power_dbm=14,
            inverted=False,
        )  # fmt: skip
        while not any(isinstance(event, FrameHeard) for event in module.events):
            await module.clock.sleep(0.01)


async def test_opening_and_closing_the_port_resets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module(HardwareReset(device_id=DEVICE, means=Means.RTS_LOW))
    module.emulator._resets_on = ("rts", True)
    async with module.running(monkeypatch):
        seen, before = len(module.events), module.emulator.resets
        module.repair.begin(DEVICE, Repair.RESTART_LINK)
        await module.until(DeviceState.UP, seen=seen + 1)
        assert module.emulator.resets - before <= 1  # the line falls when a network port is closed


async def test_a_port_without_lines_is_said() -> None:
    clock = SystemClock()
    reset = read_reset("dtr-low@wio-e5:x")
    near, _ = LoopbackLink.pair("x")
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with server:
        far = await open_link(f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}", clock=clock)
        for link in (near, far):
            with pytest.raises(ResetFailed, match="no DTR line"):
                await pulse(reset, link, clock=clock)
        await far.close()
    with pytest.raises(LinkLost):
        await pulse(reset, far, clock=clock)


async def test_a_program_resets_and_its_failure_is_said(tmp_path: Path) -> None:
    clock, mark = SystemClock(), tmp_path / "mark"
    await perform(read_reset(f"command:touch {mark}@gwmp:aa"), port=None, clock=clock)
    assert mark.exists()
    for program, words in (("false", "status 1"), ("/nothing/here", "cannot be started")):
        with pytest.raises(ResetFailed, match=words):
            await perform(read_reset(f"command:{program}@gwmp:aa"), port=None, clock=clock)


async def test_a_program_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware_reset, "COMMAND_LIMIT_S", 0.1)
    with pytest.raises(ResetFailed, match="did not end"):
        await perform(read_reset("command:sleep 60@gwmp:aa"), port=None, clock=SystemClock())


def usb_tree(root: Path) -> Path:
    """Make the part of /sys and /dev that a USB serial port has; return the device's file."""
    device = root / "devices" / "usb1" / "1-1"
    tty = device / "1-1:1.0" / "ttyUSB7"
    tty.mkdir(parents=True)
    (device / "busnum").write_text("1\n")
    (device / "devnum").write_text("12\n")
    place = root / "class" / "tty" / "ttyUSB7"
    place.mkdir(parents=True)
    (place / "device").symlink_to(tty)
    node = root / "bus" / "usb" / "001" / "012"
    node.parent.mkdir(parents=True)
    node.touch()
    (root / "by-id").symlink_to(root / "ttyUSB7")
    return node


async def reset_by_usb(root: Path, port: str | None = None) -> None:
    path = str(root / "by-id") if port is None else port
    await perform(read_reset("usb@wio-e5:x"), port=path, clock=SystemClock(), sys_root=root, dev_root=root)


async def test_the_usb_device_behind_a_port_is_reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node, seen = usb_tree(tmp_path), []

    def note(descriptor: int, request: int, argument: int) -> int:
        seen.append((os.readlink(f"/proc/self/fd/{descriptor}"), request, argument))
        raise OSError(ENODEV, os.strerror(ENODEV))  # it came back as another one

    monkeypatch.setattr(kernel_io, "ioctl", note)
    await reset_by_usb(tmp_path)
    assert seen == [(str(node), kernel_io.USBDEVFS_RESET, 0)]
    with pytest.raises(ResetFailed, match="not behind USB"):
        await reset_by_usb(tmp_path, "/dev/ttyS0")
    with pytest.raises(ResetFailed, match="not behind a USB port"):
        await perform(read_reset("usb@gwmp:aa"), port=None, clock=SystemClock())


async def test_a_usb_device_that_cannot_be_reset_names_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = usb_tree(tmp_path)
    with pytest.raises(ResetFailed, match=r"Inappropriate ioctl"):
        await reset_by_usb(tmp_path)  # a real call, on a plain file

    def forbidden(path: Path, flags: int) -> int:
        raise PermissionError(EACCES, os.strerror(EACCES), str(path))

    monkeypatch.setattr("skerry_firmware_bridge.kernel_io.os.open", forbidden)
    with pytest.raises(ResetFailed, match=f"{node}.*Permission denied.*udev rule"):
        await reset_by_usb(tmp_path)


async def test_a_gpio_line_is_made_active_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware_reset, "PULSE_S", 0.0)
    kernel = FakeKernel()
    monkeypatch.setattr(kernel_io, "ioctl", kernel.ioctl)
    await perform(read_reset("gpio-low:/dev/null:17@gwmp:aa"), port=None, clock=SystemClock())
    assert kernel.told == ["line 17 for skerry, output, active low", "active", "inactive"]
    assert kernel.is_given_back()
    await perform(read_reset("gpio:/dev/null:3@gwmp:aa"), port=None, clock=SystemClock())
    assert kernel.told[3:] == ["line 3 for skerry, output", "active", "inactive"]


async def test_where_there_is_no_linux_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    for text in ("gpio:/dev/gpiochip0:1@a:b", "usb@a:b"):
        with pytest.raises(ResetFailed, match="on Linux only"):
            await perform(read_reset(text), port="COM3", clock=SystemClock())


@pytest.mark.parametrize(
    ("error", "words"),
    [(EBUSY, "another program"), (EINVAL, "no such line"), (ENOTTY, "no GPIO chip"), (EIO, "Input/output")],
)
async def test_a_gpio_line_that_cannot_be_had_names_the_reason(
    error: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(error, os.strerror(error))

    with pytest.raises(ResetFailed, match="No such file"):
        await perform(read_reset("gpio:/dev/missing:17@gwmp:aa"), port=None, clock=SystemClock())
    with pytest.raises(ResetFailed, match="no GPIO chip"):
        await perform(read_reset("gpio:/dev/null:17@gwmp:aa"), port=None, clock=SystemClock())
    monkeypatch.setattr(kernel_io, "ioctl", refuse)
    with pytest.raises(ResetFailed, match=words):
        await perform(read_reset("gpio:/dev/null:17@gwmp:aa"), port=None, clock=SystemClock())


def test_only_what_the_owner_named_is_possible() -> None:
    events: list[DeviceEvent] = []
    link = Reopening()
    repair = RadioRepair(
        resets=[read_reset("dtr-low@gwmp:aa"), read_reset("command:true@gwmp:bb"), read_reset("rts-high@a:b")],
        links={"a:b": link}, soft_resets={}, clock=SystemClock(), sink=events.append,
    )  # fmt: skip
    assert repair.possible("gwmp:aa") == set()  # a packet forwarder has no serial line here
    assert repair.possible("gwmp:bb") == {Repair.HARD_RESET}
    assert repair.possible("a:b") == {Repair.HARD_RESET, Repair.RESTART_LINK}
    assert repair.rested("a:b", SerialSettings()) == SerialSettings(rts=Pin.LOW)
    assert repair.rested("gwmp:bb", SerialSettings()) == SerialSettings()
    assert repair.begin("gwmp:aa", Repair.HARD_RESET) == "There is nothing that could be done."
    for _ in range(MAX_DUE):
        assert repair.begin("gwmp:bb", Repair.HARD_RESET) == "Its hardware is reset by command."
    assert repair.begin("gwmp:bb", Repair.HARD_RESET).startswith("Too many")


def test_a_gateway_on_a_uart_is_repaired_by_its_port() -> None:
    link, port, gateway = Reopening(), "gwmp-serial:/dev/ttyUSB0", "gwmp:aa555a0000000001"
    for named in (port, gateway):
        repair = RadioRepair(
            resets=[read_reset(f"rts-high@{named}")], links={port: link}, soft_resets={}, clock=SystemClock(),
            sink=lambda _: None, behind={gateway: port},
        )  # fmt: skip
        assert repair.possible(gateway) == {Repair.HARD_RESET, Repair.RESTART_LINK}
        assert repair.begin(gateway, Repair.HARD_RESET) == "Its hardware is reset by rts-high."
        assert repair.begin(gateway, Repair.RESTART_LINK) == "Its link is opened again."


async def test_a_failed_reset_is_told_as_trouble() -> None:
    events: list[DeviceEvent] = []
    repair = RadioRepair(
        resets=[read_reset("command:false@gwmp:bb")], links={}, soft_resets={}, clock=SystemClock(), sink=events.append
    )
    async with io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        task = group.create_task(repair.run())
        repair.begin("gwmp:bb", Repair.HARD_RESET)
        while not events:
            await SystemClock().sleep(0.01)
        task.cancel()
    (trouble,) = events
    assert isinstance(trouble, DeviceTrouble)
    assert trouble.code == "hardware_reset_failed"
