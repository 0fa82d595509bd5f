"""A conversation with ModemManager over D-Bus, which leaves the modem and its connection alone. For `modem_manager`.

It asks what anybody may ask, and two things that need a permission (polkit, the bus's policy): which cells there are,
and, where nobody has asked for it yet, to measure the signal. ModemManager is never started by it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Never

from skerry_core.clock import io_timeout
from skerry_firmware_bridge.cellular.cells import Cells
from skerry_firmware_bridge.cellular.modem_manager_cells import read_cell_info
from skerry_firmware_bridge.cellular.modem_manager_values import INTERFACE, ManagedModem, read_modems
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

__all__ = ["ABSENT", "ManagerBus", "open_manager"]

SERVICE = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
DAEMON = "org.freedesktop.DBus"
CONNECT_LIMIT_S = 5.0
ANSWER_LIMIT_S = 5.0
CELLS_LIMIT_S = 10.0  # the modem itself is asked, after whatever else ModemManager has to ask it
DISCONNECTED = "The connection to the D-Bus has ended"
RULES = (
    f"type='signal',sender='{DAEMON}',member='NameOwnerChanged',arg0='{SERVICE}'",
    f"type='signal',sender='{SERVICE}',interface='{OBJECTS}',member='InterfacesRemoved'",
)
ABSENT = frozenset({"E_MM_PLATFORM", "E_MM_NO_DBUS", "E_MM_NOT_RUNNING"})
"""Codes of a computer without ModemManager, which is nothing to complain about unless it was asked for."""
_NOT_RUNNING = {
    f"{DAEMON}.Error.{name}" for name in ("ServiceUnknown", "NameHasNoOwner", "UnknownObject", "UnknownMethod")
}
_FORBIDDEN = {f"{DAEMON}.Error.{name}" for name in ("AccessDenied", "AuthFailed", "InteractiveAuthorizationRequired")}


@asynccontextmanager
async def open_manager(address: str | None) -> AsyncIterator["ManagerBus"]:
    """Connect to the system's bus, or to the one at `address`, for the length of the body. Raises `BridgeError`."""
    bus = await _connected(address)
    try:
        manager = ManagerBus(bus)
        bus.add_message_handler(manager.take)
        for rule in RULES:
            await manager.call(DAEMON, "/org/freedesktop/DBus", DAEMON, "AddMatch", "s", rule)
        yield manager
    finally:
        bus.disconnect()
        with suppress(*_bus_errors()):
            async with io_timeout(CONNECT_LIMIT_S):
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped


class ManagerBus:
    """ModemManager, until it ends or loses the modem at the object path `watched`."""

    def __init__(self, bus: "MessageBus") -> None:
        self.watched: str | None = None
        self._bus = bus
        self._gone = asyncio.Event()
        self._reason = ""

    async def modems(self) -> list[ManagedModem]:
        """Return all modems that ModemManager has now. Raises `BridgeError`."""
        return read_modems(await self.call(SERVICE, ROOT, OBJECTS, "GetManagedObjects"))

    async def cells(self, path: str) -> Cells:
        """Have a modem list its cells. Raises `LinkRefused` also where it cannot, `DeviceTimeout`, `LinkLost`."""
        return read_cell_info(await self.call(SERVICE, path, INTERFACE, "GetCellInfo", limit_s=CELLS_LIMIT_S))

    async def measure(self, path: str, *, every_s: int) -> None:
        """Have ModemManager measure a modem's signal, for everybody; 0 = no longer. Raises as `cells`."""
        await self.call(SERVICE, path, f"{INTERFACE}.Signal", "Setup", "u", every_s)

    async def watch(self) -> Never:
        """Wait until ModemManager or the modem is gone. Raises `LinkLost`."""
        await self._gone.wait()
        raise LinkLost(self._reason)

    async def call(
        self, service: str, path: str, interface: str, member: str, signature: str = "", *body: object,
        limit_s: float | None = None,
    ) -> object:  # fmt: skip
        """Call a method and return the first value of its answer. Raises `LinkRefused`, `DeviceTimeout`, `LinkLost`."""
        from dbus_fast import Message, MessageFlag, MessageType
        from dbus_fast.unpack import unpack_variants

        message = Message(
            destination=service, path=path, interface=interface, member=member, flags=MessageFlag.NO_AUTOSTART,
            signature=signature, body=list(body),
        )  # fmt: skip
        answer = await self._answer(message, limit_s or ANSWER_LIMIT_S)
        if answer.message_type is MessageType.ERROR:
            raise _refusal(answer.error_name or "")
        return unpack_variants(answer.body[0]) if answer.body else None

    def take(self, message: "Message") -> None:
        """Take note of a signal."""
        match message.member, message.body:
            case "NameOwnerChanged", [name, _, ""] if name == SERVICE:
                self._lose("ModemManager has ended")
            case "InterfacesRemoved", [path, [*interfaces]] if path == self.watched and INTERFACE in interfaces:
                self._lose("ModemManager no longer has the modem")

    async def _answer(self, message: "Message", limit_s: float) -> "Message":
        answer: Message | None = None
        if not self._bus.connected:
            self._lose(DISCONNECTED)
        if not self._gone.is_set():
            try:
                async with io_timeout(limit_s):
                    answer = await self._bus.call(message)
            except TimeoutError:
                raise DeviceTimeout(f"ModemManager: no answer to {message.member} within {limit_s:g} s") from None
            except _bus_errors():
                self._lose(DISCONNECTED)
        if answer is None or self._gone.is_set():
            raise LinkLost(self._reason or DISCONNECTED)
        return answer

    def _lose(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._gone.set()


async def _connected(address: str | None) -> "MessageBus":
    if sys.platform != "linux":
        raise _not_here("ModemManager is there on Linux only.")
    try:
        from dbus_fast import BusType
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import AuthError
    except ImportError:
        raise _not_here("The D-Bus library (dbus-fast) is not installed.") from None
    try:
        async with io_timeout(CONNECT_LIMIT_S):
            return await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    except (PermissionError, AuthError):
        raise _refusal(f"{DAEMON}.Error.AuthFailed") from None
    except TimeoutError:
        raise DeviceTimeout(f"The D-Bus daemon: no answer within {CONNECT_LIMIT_S:g} s") from None
    except _bus_errors():
        raise _no_bus(address) from None


def _no_bus(address: str | None) -> LinkRefused:
    """Say which bus cannot be reached; installing ModemManager helps only where it is the system's."""
    if address:
        remedy = "Start what owns it again, or correct the option bus."
        return LinkRefused("E_MM_NO_DBUS", f"There is no D-Bus at {address}.", remedy=remedy)
    remedy = "Install and start it: sudo apt install dbus modemmanager && sudo systemctl start dbus ModemManager"
    return LinkRefused("E_MM_NO_DBUS", "There is no D-Bus, over which ModemManager is asked.", remedy=remedy)


def _bus_errors() -> tuple[type[Exception], ...]:
    """Return what dbus-fast raises when the outside fails."""
    from dbus_fast.errors import DBusFastError

    return (DBusFastError, OSError, EOFError, ValueError)


def _not_here(detail: str) -> LinkRefused:
    return LinkRefused("E_MM_PLATFORM", detail, remedy="Use the modem's AT port instead: modem:PORT.")


def _refusal(name: str) -> LinkRefused:
    if name in _NOT_RUNNING:
        return LinkRefused(
            "E_MM_NOT_RUNNING",
            "ModemManager does not run.",
            remedy="Install and start it: sudo apt install modemmanager && sudo systemctl enable --now ModemManager",
        )
    if name in _FORBIDDEN or name.endswith(".Unauthorized"):
        return LinkRefused(
            "E_MM_FORBIDDEN",
            "This user may not ask ModemManager.",
            remedy=f"Allow it to call {SERVICE} in a file below /etc/dbus-1/system.d.",
        )
    return LinkRefused(
        "E_MM_REFUSED",
        f"ModemManager refuses ({name or 'without a reason'}).",
        remedy="Look at its log: journalctl -u ModemManager -n 50",
    )
