"""What a killed program leaves in BlueZ: devices connected or half connected, which then answer nobody (row 22)."""

import sys
from typing import TYPE_CHECKING, Any

from skerry_core.clock import io_timeout

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

__all__ = ["release_device"]

RELEASE_TIMEOUT_S = 10.0
_BLUEZ = "org.bluez"
_DEVICE = "org.bluez.Device1"


async def release_device(address: str, *, forget: bool = False) -> int:
    """Disconnect a device's objects on all adapters; return how many were connected, or removed.

    `forget` removes them too, as `bluetoothctl remove` does; the next scan brings them back. Does nothing where BlueZ
    is not used or cannot be asked.
    """
    if sys.platform != "linux":
        return 0
    from dbus_fast import BusType
    from dbus_fast.aio import MessageBus
    from dbus_fast.errors import DBusFastError

    try:
        async with io_timeout(RELEASE_TIMEOUT_S):
            bus = MessageBus(bus_type=BusType.SYSTEM)
            try:
                await bus.connect()
                return await _release(bus, address.upper(), forget=forget)
            finally:
                bus.disconnect()
    except (DBusFastError, OSError, EOFError, TimeoutError):
        return 0


async def _release(bus: "MessageBus", address: str, *, forget: bool) -> int:
    objects = await _call(bus, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    stale = 0
    for path, interfaces in (objects or {}).items():
        device = {name: value.value for name, value in interfaces.get(_DEVICE, {}).items()}
        if str(device.get("Address", "")).upper() != address:
            continue
        stale += bool(device.get("Connected")) or forget
        await _call(bus, path, _DEVICE, "Disconnect")
        if forget:
            await _call(bus, path.rpartition("/")[0], "org.bluez.Adapter1", "RemoveDevice", "o", path)
    return stale


async def _call(bus: "MessageBus", path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
    """Call a method of BlueZ; return its first value, None for an error: a device that is gone is what was wanted."""
    from dbus_fast import Message, MessageType

    message = Message(
        destination=_BLUEZ, path=path, interface=interface, member=member, signature=signature, body=list(body)
    )
    reply = await bus.call(message)
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN or not reply.body:
        return None
    return reply.body[0]
