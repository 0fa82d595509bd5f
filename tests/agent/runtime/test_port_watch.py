"""The owner is told of plugs that come and go, and what to do with a new one."""

import logging
from collections.abc import AsyncIterator

import pytest

from skerry_agent.events import Event, EventHub
from skerry_agent.runtime.port_watch import PortWatch
from skerry_core.clock import SystemClock
from skerry_firmware_bridge.discovery.ports import Port, PortChange

MODEM = Port(
    path="/dev/serial/by-id/usb-Quectel",
    key="2c7c:0801:1:2",
    device="/dev/ttyUSB2",
    vid=0x2C7C,
    pid=0x0801,
    interface=2,
)


async def told(
    *changes: PortChange | OSError, used: tuple[str, ...] = (), caplog: pytest.LogCaptureFixture
) -> tuple[list[dict[str, object]], list[str]]:
    async def come() -> AsyncIterator[PortChange]:
        for change in changes:
            if isinstance(change, OSError):
                raise change
            yield change

    hub = EventHub(clock=SystemClock())
    seen = hub.subscribe(after=0)
    with caplog.at_level(logging.INFO):
        await PortWatch(hub=hub, used=lambda: used, changes=come).run()
    events = [dict(event.data) for event in seen.take() if isinstance(event, Event)]
    return events, [record.getMessage() for record in caplog.records]


async def test_a_new_port_is_told_with_the_command_that_asks_it(caplog: pytest.LogCaptureFixture) -> None:
    events, lines = await told(PortChange(port=MODEM, appeared=True), caplog=caplog)
    assert lines == [
        f"{MODEM.path}: plugged in (Quectel RM520N, AT port). To find out what it is: skerry devices scan {MODEM.path}"
    ]
    assert [(event["path"], event["plugged"], event["device_id"]) for event in events] == [(MODEM.path, True, None)]


async def test_a_configured_port_is_an_event_and_the_line_is_its_devices(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for device_id in (
        f"modem:{MODEM.path}", f"modem:{MODEM.device}", f"modem:serial:{MODEM.path}",
        f"sunspec:modbus-rtu://{MODEM.device},unit=2",
    ):  # fmt: skip
        events, lines = await told(PortChange(port=MODEM, appeared=True), used=(device_id,), caplog=caplog)
        assert lines == []
        assert events[0]["device_id"] == device_id


async def test_an_unplugged_port_is_told(caplog: pytest.LogCaptureFixture) -> None:
    events, lines = await told(PortChange(port=MODEM, appeared=False), caplog=caplog)
    assert lines == [f"{MODEM.path}: unplugged (Quectel RM520N, AT port)"]
    assert events[0]["plugged"] is False


async def test_ports_that_cannot_be_listed_are_said_once_and_end_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    _, lines = await told(PermissionError("no sysfs"), caplog=caplog)
    assert lines == ["ports: plugging in and out is not noticed here (no sysfs)"]
