"""Alerts on a desktop: a notification service of our own on a private message bus."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest
from dbus_fast import BusType, DBusError, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from skerry_agent.alerts.book import Notice
from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
from skerry_agent.alerts.desktop import SERVICE, DesktopFailed, NoDesktop, notify, session_bus
from skerry_simulate.devices.bluez import BusUnavailable, private_bus

pytestmark = pytest.mark.debian
StringList = Annotated[list[str], DBusSignature("as")]
SENDER = Sender(name="calm-teal-otter", address="h1")
NOTICE = Notice(key="device d1", raised=True, text="d1: <b>unplugged</b>")


class Desktop(ServiceInterface):
    """Takes notifications as the desktop's service does."""

    def __init__(self) -> None:
        super().__init__(SERVICE)
        self.shown: list[tuple[str, str, int]] = []
        self.refuses = False

    @dbus_method()
    def Notify(  # noqa: PLR0917 - as the desktop's specification has it
        self, app: DBusStr, replaces: DBusUInt32, icon: DBusStr, title: DBusStr, text: DBusStr,
        actions: StringList, hints: DBusDict, expires: DBusInt32,
    ) -> DBusUInt32:  # fmt: skip
        if self.refuses:
            raise DBusError("org.freedesktop.Notifications.Error", "too many")
        urgency = hints["urgency"]
        assert isinstance(urgency, Variant)
        self.shown.append((title, text, urgency.value))
        return len(self.shown)


@asynccontextmanager
async def desktop(*, shown: bool = True) -> AsyncIterator[tuple[Desktop, str]]:
    """Run a private bus with a desktop on it, or with nobody; skip where no bus daemon is installed."""
    service = Desktop()
    try:
        async with private_bus() as address:
            bus = await MessageBus(bus_address=address, bus_type=BusType.SESSION).connect()
            if shown:
                bus.export("/org/freedesktop/Notifications", service)
                await bus.request_name(SERVICE)
            yield service, address
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # the library leaves it bare
    except BusUnavailable as error:
        pytest.skip(str(error))


async def test_an_alert_is_shown_and_its_markup_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desktop() as (service, address):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        taken: set[str] = set()
        await Channels(desktop=True).send(NOTICE, hotspot=SENDER, at_ns=0, taken=taken)
        over = Notice(key="device d1", raised=False, text="d1: up")
        await Channels(desktop=True).send(over, hotspot=SENDER, at_ns=0)
    assert taken == {"desktop"}
    assert service.shown == [
        ("Skerry", "calm-teal-otter: d1: &lt;b&gt;unplugged&lt;/b&gt;", 2),
        ("Skerry: over", "calm-teal-otter: d1: up", 1),
    ]


async def test_a_desktop_that_refuses_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desktop() as (service, address):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        service.refuses = True
        with pytest.raises(NotDelivered, match=r"desktop: org\.freedesktop\.Notifications\.Error"):
            await Channels(desktop=True).send(NOTICE, hotspot=SENDER, at_ns=0)


async def test_a_bus_without_a_desktop_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desktop(shown=False) as (_, address):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        taken: set[str] = set()
        await Channels(desktop=True).send(NOTICE, hotspot=SENDER, at_ns=0, taken=taken)
        assert taken == set()
        with pytest.raises(NoDesktop, match="nobody"):
            await notify(title="t", text="x", urgent=False, environ=os.environ)


async def test_without_a_bus_there_is_nothing_to_show(tmp_path: Path) -> None:
    for environ in ({}, {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none"}):
        with pytest.raises(NoDesktop):
            await notify(title="t", text="x", urgent=False, environ=environ)
    with pytest.raises(DesktopFailed):
        await notify(title="t", text="x", urgent=False, environ={"DBUS_SESSION_BUS_ADDRESS": "nonsense"})


def test_the_bus_of_the_user_is_found_by_its_socket(tmp_path: Path) -> None:
    assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path)}) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "bus"))
        assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"unix:path={tmp_path}/bus"
    assert session_bus({"DBUS_SESSION_BUS_ADDRESS": "a", "XDG_RUNTIME_DIR": str(tmp_path)}) == "a"
