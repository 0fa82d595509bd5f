"""Modems and meters of the settings; their life with an emulator is tested end to end."""

from random import Random

import pytest

from skerry_agent.background import Background
from skerry_agent.runtime.attached import attached_device, attached_devices, run_attached
from skerry_core.errors import UsageError
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged
from skerry_simulate.clock import SimulatedClock
from skerry_testing.simulated import simulated


def test_a_text_names_kind_place_and_options() -> None:
    device = attached_device("modem:/dev/ttyUSB2")
    assert (device.device_id, device.kind, device.url) == ("modem:/dev/ttyUSB2", "modem", "/dev/ttyUSB2")
    meter = attached_device("sunspec:modbus-tcp://192.0.2.7:502?unit=3")
    assert (meter.url, dict(meter.options)) == ("modbus-tcp://192.0.2.7:502", {"unit": 3})


def test_devices_on_one_bus_have_ids_of_their_own() -> None:
    bus = "sunspec:modbus-rtu:///dev/ttyUSB0"
    devices = attached_devices([bus, f"{bus}?unit=2", f"{bus}?unit=3"])
    assert [device.device_id for device in devices] == [bus, f"{bus},unit=2", f"{bus},unit=3"]


def test_meters_on_one_line_are_told_apart_by_their_numbers() -> None:
    line = "iec62056:/dev/ttyUSB0"
    devices = attached_devices([f"{line}?address=10000001", f"{line}?address=10000002"])
    assert [device.device_id for device in devices] == [f"{line},address=10000001", f"{line},address=10000002"]


@pytest.mark.parametrize(
    "texts",
    [
        ["modem:/dev/x", "modem:/dev/x"],
        ["modem:/dev/x", "p1:/dev/x"],
        ["sunspec:modbus-rtu:///dev/x", "sunspec:modbus-rtu:///dev/x?unit=1"],
        ["iec62056:/dev/x?address=1", "iec62056:/dev/x?address=001"],
        ["iec62056:/dev/x?address=1", "iec62056:/dev/x"],
        ["iec62056:/dev/x?address=1", "p1:/dev/x"],
    ],
)
def test_two_devices_that_need_one_port_for_themselves_are_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        attached_devices(texts)
    assert caught.value.code == "E_DEVICE_TWICE"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "modem",
        "modem:",
        ":/dev/x",
        "toaster:/dev/x",
        "modem:/dev/x?colour=red",
        "modem:/dev/x?poll_s",
        "modem:/dev/x?poll_s=",
        "modem:/dev/x?poll_s=0",
        "modem:/dev/x?poll_s=-5",
        "sunspec:modbus-rtu:///dev/x?parity=X",
        "sunspec:modbus-rtu:///dev/x?unit=300",
        "sunspec:modbus-rtu:///dev/x?baud=9",
        "iec62056:/dev/x?address=12!",
        "iec62056:/dev/x?address=7%C3%A4",
        "iec62056:/dev/x?registers=1.8.0()",
    ],
)
def test_a_text_that_cannot_be_meant_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        attached_device(text)
    assert caught.value.remedy


def test_a_missing_device_is_said_and_stops_nobody() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        devices = [attached_device("modem:/dev/there-is-none"), attached_device("modem:/dev/nor-here")]
        async with Background() as background:
            work = run_attached(devices, clock=clock, random=Random(1), events=events.append)
            background.start(work, name="attached")
            await clock.sleep(60)
        states = {(e.device_id, e.state) for e in events if isinstance(e, StateChanged)}
        assert {device for device, state in states if state is not DeviceState.UP} == {
            "modem:/dev/there-is-none", "modem:/dev/nor-here",
        }  # fmt: skip

    simulated(main)
