"""Several devices on one bus, over real ports: turns are taken, a silent unit harms nobody, refusals say why."""

import asyncio
import fcntl
import os
import pty
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus import bus as bus_module
from skerry_firmware_bridge.modbus.bus import LINE, Buses, open_bus
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged, StatusReported
from skerry_firmware_bridge.sunspec.reader import SunSpecReader
from skerry_firmware_bridge.supervise import supervise
from skerry_simulate.devices.firmware import Firmware, LineFaults
from skerry_simulate.devices.hosts import PtyHost, TcpHost, open_pty, open_tcp
from skerry_simulate.devices.sunspec_unit import ModbusFirmware, SunSpecUnit, battery, inverter, meter

CLOCK = SystemClock()
REFUSAL_IN_TIME_S = 2.0


class Grumpy(Firmware):
    """Answers with an exception code a few times before it gives registers, as a busy device or a gateway does."""

    def __init__(self, code: int, times: int) -> None:
        self._real = ModbusFirmware(meter(CLOCK), tcp=True)
        self._code, self._times = code, times

    def receive(self, data: bytes) -> bytes:
        if not self._times:
            return self._real.receive(data)
        self._times -= 1
        return data[:4] + b"\x00\x03" + data[6:7] + bytes([data[7] | 0x80, self._code])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "ANSWER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(bus_module, "TCP_ANSWER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(bus_module, "SETTLE_S", 1.0)
    monkeypatch.setattr(bus_module, "BUSY_PAUSE_S", 0.01)


@asynccontextmanager
async def _bus(units: dict[int, SunSpecUnit], *, tcp: bool) -> AsyncIterator[tuple[str, ModbusFirmware]]:
    firmware = ModbusFirmware(units, tcp=tcp)
    if tcp:
        async with open_tcp(lambda: firmware, clock=CLOCK, random=Random(1)) as host:
            yield f"modbus-tcp://127.0.0.1:{host.port}", firmware
    else:
        async with open_pty(firmware, clock=CLOCK, random=Random(1)) as port:
            yield f"modbus-rtu://{port.path}", firmware


async def _refuse(url: str, settings: SerialSettings) -> Link:
    raise AssertionError("Modbus opens no link of ours")


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_silent_unit_does_not_disturb_the_others_on_its_bus(tcp: bool) -> None:
    events: list[DeviceEvent] = []
    around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
    async with _bus({1: meter(CLOCK), 2: inverter(CLOCK)}, tcp=tcp) as (url, firmware), asyncio.TaskGroup() as group:
        tasks = []
        for number in (1, 2, 3):
            options: dict[str, str | int] = {"unit": number, "poll_s": 1}
            config = DeviceConfig(device_id=str(number), kind="sunspec", url=url, options=options)
            work = supervise(config, around=around, events=events.append)
            tasks.append(group.create_task(work, name=f"unit {number}"))
        await _reported(events, {"1", "2"})
        del firmware.units[2]
        await _changed(events, "2", DeviceState.UNKNOWN)
        await _reported(events, {"1"}, start=len(events))
        for task in tasks:
            task.cancel()
    states = {one: [e.state for e in events if isinstance(e, StateChanged) and e.device_id == one] for one in "123"}
    assert states == {"1": [DeviceState.UP], "2": [DeviceState.UP, DeviceState.UNKNOWN], "3": [DeviceState.UNKNOWN]}
    powers = {e.device_id: e.values["power_w"] for e in events if isinstance(e, StatusReported)}
    assert powers == {"1": 640, "2": 2836}
    reason = next(e.reason for e in events if isinstance(e, StateChanged) and e.device_id == "3")
    assert "Unit 3 on" in reason
    assert ("Check its unit number" if tcp else "Check unit, baud and parity") in reason


async def _reported(events: list[DeviceEvent], wanted: set[str], *, start: int = 0) -> None:
    async with io_timeout(60):
        while not wanted <= {e.device_id for e in events[start:] if isinstance(e, StatusReported)}:
            await CLOCK.sleep(0.02)


async def _changed(events: list[DeviceEvent], device_id: str, state: DeviceState) -> None:
    async with io_timeout(60):
        while not any(isinstance(e, StateChanged) and (e.device_id, e.state) == (device_id, state) for e in events):
            await CLOCK.sleep(0.02)


async def test_devices_of_one_bus_share_one_connection_that_ends_with_the_last() -> None:
    buses = Buses()
    host: TcpHost
    async with open_tcp(
        lambda: ModbusFirmware({1: meter(CLOCK), 2: battery(CLOCK)}, tcp=True), clock=CLOCK, random=Random(1)
    ) as host:
        url = f"modbus-tcp://127.0.0.1:{host.port}"
        async with buses.use(url, unit=1) as first:
            async with buses.use(url, unit=2) as second:
                found = await asyncio.gather(SunSpecReader(first).scan(), SunSpecReader(second).scan())
                assert [[model.id for model in one.models] for one in found] == [[1, 203], [1, 701, 702, 713]]
                assert len(host.clients) == 1
            assert (await first.read(40000, 1)) is not None
        async with io_timeout(REFUSAL_IN_TIME_S):
            while host.clients:
                await CLOCK.sleep(0.01)


async def test_losing_the_connection_fails_the_waiting_request_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "ANSWER_TIMEOUT_S", 30.0)
    monkeypatch.setattr(bus_module, "TCP_ANSWER_TIMEOUT_S", 30.0)
    stuck = LineFaults(stuck=True)
    async with (
        open_tcp(lambda: ModbusFirmware(meter(CLOCK), tcp=True), clock=CLOCK, random=Random(1), faults=stuck) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
        asyncio.TaskGroup() as group,
    ):

        async def cut() -> None:
            await CLOCK.sleep(0.1)
            host.leave()

        group.create_task(cut(), name="cut the cable")
        async with io_timeout(REFUSAL_IN_TIME_S):
            with pytest.raises(LinkLost):
                await unit.read(40000, 2)


async def test_a_connection_that_is_lost_between_two_readings_is_noticed_at_once() -> None:
    events: list[DeviceEvent] = []
    around = Surroundings(clock=CLOCK, random=Random(1), open_link=_refuse)
    async with (
        open_tcp(lambda: ModbusFirmware(meter(CLOCK), tcp=True), clock=CLOCK, random=Random(1)) as host,
        asyncio.TaskGroup() as group,
    ):
        url = f"modbus-tcp://127.0.0.1:{host.port}"
        config = DeviceConfig(device_id="1", kind="sunspec", url=url, options={"poll_s": 3600})
        task = group.create_task(supervise(config, around=around, events=events.append), name="meter")
        await _reported(events, {"1"})
        host.leave()
        async with io_timeout(REFUSAL_IN_TIME_S):
            await _changed(events, "1", DeviceState.UNKNOWN)
        await _reported(events, {"1"}, start=len(events))
        task.cancel()


async def test_a_lost_bus_is_connected_again_in_place_for_all_its_devices() -> None:
    buses = Buses()
    async with open_tcp(
        lambda: ModbusFirmware({1: meter(CLOCK), 2: battery(CLOCK)}, tcp=True), clock=CLOCK, random=Random(1)
    ) as host:
        url = f"modbus-tcp://127.0.0.1:{host.port}"
        async with buses.use(url, unit=1) as first:
            host.leave()
            await CLOCK.sleep(0.05)
            async with buses.use(url, unit=2) as second:
                assert await second.read(40000, 2) == [0x5375, 0x6E53]
                assert await first.read(40000, 2) == [0x5375, 0x6E53]
                assert len(host.clients) == 1


async def test_an_answer_that_comes_after_its_time_is_not_taken_for_the_next_one() -> None:
    late = LineFaults(delay_s=0.45)  # longer than a request waits
    host: PtyHost
    async with (
        open_pty(ModbusFirmware(meter(CLOCK), tcp=False), clock=CLOCK, random=Random(1), faults=late) as host,
        open_bus(f"modbus-rtu://{host.path}") as unit,
    ):
        for address, expected in ((40002, 1), (40003, 66)):
            assert await unit.read(address, 1) == [expected]


@pytest.mark.parametrize(("code", "times"), [(5, 2), (6, 2), (11, 2)])
async def test_a_device_that_asks_to_come_again_is_asked_again(code: int, times: int) -> None:
    async with (
        open_tcp(lambda: Grumpy(code, times), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
    ):
        assert await unit.read(40000, 2) == [0x5375, 0x6E53]


async def test_a_gateway_without_the_target_is_a_silent_unit_and_not_a_device_without_sunspec() -> None:
    async with (
        open_tcp(lambda: Grumpy(11, 99), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}", unit=9) as unit,
    ):
        with pytest.raises(DeviceTimeout, match=r"gateway at .* answers, but unit 9 behind it does not") as raised:
            await SunSpecReader(unit).scan()
    assert "bus behind the gateway" in raised.value.remedy


async def test_a_device_that_is_always_busy_is_told_as_busy() -> None:
    async with (
        open_tcp(lambda: Grumpy(6, 99), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
    ):
        with pytest.raises(DeviceTimeout, match="too busy"):
            await unit.read(40000, 2)


@pytest.mark.parametrize(
    ("code", "told"), [(1, "illegal_function"), (2, "illegal_address"), (4, "device_failure"), (77, "exception 77")]
)
async def test_a_refusal_is_none_and_remembered_by_its_name(code: int, told: str) -> None:
    async with (
        open_tcp(lambda: Grumpy(code, 1), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
    ):
        assert await unit.read(40000, 2) is None
        assert unit.refusal == told
        assert await unit.read(40000, 2) == [0x5375, 0x6E53]


class Stale(Firmware):
    """Before each answer comes what was left of the one before: the whole of it, or its second half."""

    def __init__(self, *, tcp: bool, half: bool) -> None:
        self._real = ModbusFirmware({3: meter(CLOCK), 4: battery(CLOCK)}, tcp=tcp)
        self._half = half
        self._before = b""

    def receive(self, data: bytes) -> bytes:
        answer = self._real.receive(data)
        stale = self._before[len(self._before) // 2 :] if self._half else self._before
        self._before = b"" if stale and self._half else answer  # a half answer spoils one request only
        return stale + answer


@pytest.mark.parametrize(("tcp", "half"), [(True, False), (False, True)])
async def test_what_is_left_of_a_former_answer_is_not_taken_for_this_one(tcp: bool, half: bool) -> None:
    firmware = Stale(tcp=tcp, half=half)
    host: AbstractAsyncContextManager[TcpHost | PtyHost]
    if tcp:
        host = open_tcp(lambda: firmware, clock=CLOCK, random=Random(1))
    else:
        host = open_pty(firmware, clock=CLOCK, random=Random(1))
    async with host as running:
        url = (
            f"modbus-tcp://127.0.0.1:{running.port}" if isinstance(running, TcpHost) else f"modbus-rtu://{running.path}"
        )
        buses = Buses()
        async with buses.use(url, unit=3) as three, buses.use(url, unit=4) as four:
            for unit, address, expected in (
                (three, 40002, 1),
                (three, 40003, 66),
                (four, 40070, 701),
                (three, 40070, 203),
            ):
                assert await unit.read(address, 1) == [expected]


@pytest.mark.parametrize("unit", [0, 248, 255])
async def test_a_unit_that_no_serial_bus_has_is_refused_before_it_is_opened(unit: int) -> None:
    with pytest.raises(LinkRefused, match="from 1 to 247") as raised:
        async with open_bus("modbus-rtu:///dev/nowhere", unit=unit):
            raise AssertionError
    assert raised.value.code == "E_MODBUS_UNIT"


@pytest.mark.parametrize("number", [0, 126, 255])
async def test_a_network_device_may_have_any_unit_number(number: int) -> None:
    async with (
        open_tcp(lambda: ModbusFirmware(meter(CLOCK), tcp=True, number=number), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}", unit=number) as unit,
    ):
        assert await unit.read(40000, 2) == [0x5375, 0x6E53]


@pytest.mark.parametrize("pdu", [b"\x63\x02", b"\x03\x05\x00", b"\x83", b"\x03", b"\x2b\x0e\x01\x00", b"\x10\x00"])
async def test_an_answer_that_cannot_be_decoded_is_silence_and_no_line_in_the_log(
    pdu: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    class Babbler(Firmware):
        def receive(self, data: bytes) -> bytes:
            return data[:4] + (len(pdu) + 1).to_bytes(2, "big") + data[6:7] + pdu

    async with (
        open_tcp(Babbler, clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
    ):
        with pytest.raises(DeviceTimeout):
            await unit.read(40000, 2)
        assert len(host.clients) == 1
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_device_that_is_taken_by_another_client_is_told_as_that() -> None:
    hosts: list[TcpHost] = []

    class Taken(Firmware):
        def receive(self, data: bytes) -> bytes:
            hosts[0].leave()
            return b""

    async with open_tcp(Taken, clock=CLOCK, random=Random(1)) as host:
        hosts.append(host)
        async with open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit:
            with pytest.raises(LinkLost, match="closes the connection before it answers") as raised:
                await unit.read(40000, 2)
    assert "one client only" in raised.value.remedy


async def test_an_illegal_address_is_an_answer() -> None:
    async with (
        open_tcp(lambda: ModbusFirmware(meter(CLOCK), tcp=True), clock=CLOCK, random=Random(1)) as host,
        open_bus(f"modbus-tcp://127.0.0.1:{host.port}") as unit,
    ):
        assert await unit.read(0, 3) is None


async def test_a_port_that_is_not_there_or_taken_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LinkRefused) as raised:
        async with open_bus(f"modbus-rtu://{tmp_path}/ttyUSB9"):
            raise AssertionError
    assert raised.value.code == "E_PORT_MISSING"
    with _locked_terminal() as path:
        with pytest.raises(LinkRefused) as raised:
            async with open_bus(f"modbus-rtu://{path}"):
                raise AssertionError
        assert raised.value.code == "E_PORT_BUSY"
        assert raised.value.remedy


async def test_a_file_that_is_no_port_is_not_called_busy(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no port")
    with pytest.raises(LinkRefused) as raised:
        async with open_bus(f"modbus-rtu://{tmp_path}/notes.txt"):
            raise AssertionError
    assert raised.value.code == "E_PORT_FAILED"


@contextmanager
def _locked_terminal() -> Iterator[str]:
    far, near = pty.openpty()
    try:
        fcntl.flock(near, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.ttyname(near)
    finally:
        os.close(far)
        os.close(near)


async def test_two_devices_with_other_line_settings_on_one_bus_are_refused() -> None:
    buses = Buses()
    async with open_pty(ModbusFirmware(meter(CLOCK), tcp=False), clock=CLOCK, random=Random(1)) as host:
        url = f"modbus-rtu://{host.path}"
        async with buses.use(url, unit=1, line=LINE):
            with pytest.raises(LinkRefused) as raised:
                async with buses.use(url, unit=2, line=SerialSettings(baudrate=19200)):
                    raise AssertionError
    assert raised.value.code == "E_MODBUS_LINE"
    assert "9600 baud, parity N" in str(raised.value)


@pytest.mark.parametrize(
    "url", ["modbus-rtu://", "modbus-tcp://", "/dev/ttyUSB0", "modbus-udp://h:1", "modbus-tcp://h:99999"]
)
async def test_what_is_no_modbus_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(LinkRefused, match="modbus-tcp://HOST:PORT") as raised:
        async with open_bus(url):
            raise AssertionError
    assert raised.value.code == "E_MODBUS_URL"


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("faults", [LineFaults(junk=0.5), LineFaults(torn=0.5), LineFaults(corrupt=0.5)])
async def test_junk_on_the_line_never_becomes_a_value(
    faults: LineFaults, tcp: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("ANSWER_TIMEOUT_S", 0.1), ("TCP_ANSWER_TIMEOUT_S", 0.1), ("SETTLE_S", 0.05)):
        monkeypatch.setattr(bus_module, name, seconds)  # silence is allowed here
    firmware = ModbusFirmware(meter(CLOCK), tcp=tcp)
    for seed in range(2):
        host: AbstractAsyncContextManager[TcpHost | PtyHost]
        if tcp:
            host = open_tcp(lambda: firmware, clock=CLOCK, random=Random(seed), faults=faults)
        else:
            host = open_pty(firmware, clock=CLOCK, random=Random(seed), faults=faults)
        async with host as running:
            url = f"modbus-tcp://127.0.0.1:{running.port}" if isinstance(running, TcpHost) else running.path
            try:
                async with open_bus(url if tcp else f"modbus-rtu://{url}") as unit:
                    values = [await unit.read(40070, 2) for _ in range(4)]
            except (DeviceTimeout, LinkLost):
                continue
            # Modbus TCP has no checksum of its own: there a changed byte cannot be seen
            assert tcp or set(map(tuple, filter(None, values))) <= {(203, 105)}
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
