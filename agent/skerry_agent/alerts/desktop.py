"""Shows one alert on the desktop through org.freedesktop.Notifications on the user's own message bus.

Used by the alert channels. A headless box has no such bus and a bus may have no desktop: then there is nothing to
show, which is no failure.
"""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path

from skerry_core.clock import io_timeout
from skerry_core.errors import SkerryError

__all__ = ["DesktopFailed", "NoDesktop", "notify", "session_bus"]

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
ANSWER_LIMIT_S = 5.0
NORMAL, CRITICAL = 1, 2  # urgency: critical ones stay on the screen until they are seen
LEFT_TO_THE_DESKTOP = -1  # how long it is shown
ABSENT = frozenset(
    {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}
    | {f"org.freedesktop.DBus.Error.Spawn.{one}" for one in ("ServiceNotFound", "ExecFailed", "ChildExited")}
)


class NoDesktop(SkerryError):
    """There is no session bus, or nobody on it shows notifications."""


class DesktopFailed(SkerryError):
    """The desktop is there and did not take the notification."""


def session_bus(environ: Mapping[str, str]) -> str | None:
    """Return the address of the user's message bus, None where there is none."""
    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    runtime = environ.get("XDG_RUNTIME_DIR")
    if runtime and (socket := Path(runtime) / "bus").is_socket():
        return f"unix:path={socket}"
    return None


async def notify(
    *, title: str, text: str, urgent: bool, bus_address: str | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Show a notification; returns when the desktop has taken it. Raises `NoDesktop`, `DesktopFailed`."""
    address = bus_address or session_bus(environ)
    if address is None:
        raise NoDesktop("there is no session bus")
    try:
        from dbus_fast import BusType, Message, MessageType, Variant
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import DBusFastError
    except ImportError:  # not on every kind of machine
        raise NoDesktop("the D-Bus library is not installed") from None
    hints = {"urgency": Variant("y", CRITICAL if urgent else NORMAL), "desktop-entry": Variant("s", "skerry-desktop")}
    # Desktops may read the text as markup, and names of devices come from outside.
    body = ["Skerry", 0, "skerry", title, escape(text, quote=False), [], hints, LEFT_TO_THE_DESKTOP]
    message = Message(
        destination=SERVICE, path=PATH, interface=SERVICE, member="Notify", signature="susssasa{sv}i", body=body
    )
    try:
        async with io_timeout(ANSWER_LIMIT_S):
            bus = await MessageBus(bus_address=address, bus_type=BusType.SESSION).connect()
            try:
                answer = await bus.call(message)
            finally:
                bus.disconnect()
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # the library leaves it bare
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoDesktop("the session bus is gone") from None
    except (OSError, EOFError, ValueError, DBusFastError) as error:
        raise DesktopFailed(type(error).__name__) from None
    if answer is not None and answer.message_type is MessageType.ERROR:
        if answer.error_name in ABSENT:
            raise NoDesktop("nobody on the session bus shows notifications")
        raise DesktopFailed(answer.error_name or "refused")
