"""A small BlueZ on a private D-Bus, with one emulated hotspot in reach: bleak talks to it as to the real daemon.

    async with private_bus() as address, fake_bluez(address, EmulatedHotspot()):
        ...  # with DBUS_SYSTEM_BUS_ADDRESS=address in the environment

No root, no kernel Bluetooth. Needs dbus-fast, which bleak brings. `bluez_gatt` has the hotspot's services.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from dbus_fast import BusType, DBusError, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusDict, DBusInt16, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID, Characteristic
from skerry_simulate.devices.ble_faults import BleFaults
from skerry_simulate.devices.bluez_gatt import GattCharacteristic, GattTree
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_simulate.devices.private_bus import BusUnavailable, private_bus

__all__ = ["ADDRESS", "BusUnavailable", "FakeBluez", "fake_bluez", "private_bus"]

ADAPTER_PATH = "/org/bluez/hci0"
OTHER_ADAPTER_PATH = "/org/bluez/hci1"
ADDRESS = "00:16:C0:F0:00:01"
ADVERTISING_INTERVAL_S = 0.05
ABORT_S = 0.01  # from radio noise to BlueZ's word that the device is disconnected
READ = PropertyAccess.READ
StringList = Annotated[list[str], DBusSignature("as")]


class FakeBluez:
    """The emulated daemon's state; `faults` may be exchanged while it runs."""

    def __init__(self, bus: MessageBus, hotspot: EmulatedHotspot, faults: BleFaults, *, bus_address: str = "") -> None:
        self.hotspot = hotspot
        self.faults = faults
        self.bus_address = bus_address
        self.connects = 0
        self.disconnects = 0
        self.removals = 0
        self.ended = asyncio.Event()
        self._bus = bus
        self._timers: list[asyncio.TimerHandle] = []
        self._quiet_at = self._now() + faults.advertises_s if faults.advertises_s else float("inf")
        self.adapter = _Adapter(self, powered=not faults.off)
        self.device = _Device(self, ADAPTER_PATH, connected=faults.left_connected)
        self.other_device = _Device(self, OTHER_ADAPTER_PATH, connected=True)
        self.gatt = GattTree(bus, self.device.path, hotspot, self)

    @property
    def characteristics(self) -> dict[Characteristic, GattCharacteristic]:
        """The characteristics that are on the bus now."""
        return self.gatt.characteristics

    @property
    def is_heard(self) -> bool:
        """Whether the hotspot advertises: not while connected, not for ever."""
        is_connected = self.device.is_connected or self.is_held_elsewhere
        return not is_connected and self._now() < self._quiet_at

    @property
    def is_held_elsewhere(self) -> bool:
        """Whether another adapter holds the connection."""
        return self.faults.other_adapter and self.other_device.is_connected

    def vanish(self) -> None:
        """Walk out of reach: the connection is lost."""
        self.device.set_connected(connected=False)

    def later(self, delay_s: float, action: Callable[[], object]) -> None:
        """Do something after real time, unless the emulator has ended by then."""
        self._timers = [timer for timer in self._timers if timer.when() > self._now()]
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, action))

    def stop(self) -> None:
        """Let nothing happen any more."""
        self.ended.set()
        for timer in self._timers:
            timer.cancel()

    def export(self) -> None:
        """Put the daemon's objects on the bus; the hotspot's services come with a connection."""
        self._bus.export("/", _Root())
        if self.faults.no_adapter:
            return
        self._bus.export(ADAPTER_PATH, self.adapter)
        self.show_device()
        if self.faults.other_adapter:
            self._bus.export(OTHER_ADAPTER_PATH, _Adapter(self, powered=False))  # bleak would choose any that is on
            self._bus.export(self.other_device.path, self.other_device)
        if self.faults.left_connected:
            self.gatt.show()

    def show_device(self) -> None:
        """Let BlueZ know the device (again)."""
        if not self.device.is_shown:
            self.device.is_shown = True
            self._bus.export(self.device.path, self.device)

    def remove_device(self) -> None:
        """Forget the device, as `bluetoothctl remove` does."""
        self.removals += 1
        if self.faults.in_progress == 2:
            self.faults.in_progress = 0
        self.device.set_connected(connected=False)
        if self.device.is_shown:
            self.device.is_shown = False
            self._bus.unexport(self.device.path)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def fake_bluez(
    address: str, hotspot: EmulatedHotspot, *, faults: BleFaults | None = None
) -> AsyncIterator[FakeBluez]:
    """Play org.bluez on the bus at `address` for the length of the body."""
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    bluez = FakeBluez(bus, hotspot, faults or BleFaults(), bus_address=address)
    bluez.export()
    await bus.request_name("org.bluez")
    try:
        yield bluez
    finally:
        bluez.stop()
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped


class _Root(ServiceInterface):
    """Makes the object manager answer at the root."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AgentManager1")


class _Adapter(ServiceInterface):
    def __init__(self, bluez: FakeBluez, *, powered: bool) -> None:
        super().__init__("org.bluez.Adapter1")
        self._bluez = bluez
        self._powered = powered
        self._discovering = False

    @dbus_property(READ)
    def Address(self) -> DBusStr:
        return "00:00:00:00:00:01"

    @dbus_property(READ)
    def Roles(self) -> StringList:
        return ["central", "peripheral"]

    @dbus_property(READ)
    def Powered(self) -> DBusBool:
        return self._powered

    @dbus_property(READ)
    def Discovering(self) -> DBusBool:
        return self._discovering

    @dbus_method()
    def SetDiscoveryFilter(self, properties: DBusDict) -> None:
        del properties

    @dbus_method()
    def StartDiscovery(self) -> None:
        self._discovering = True
        self.emit_properties_changed({"Discovering": True})
        self._advertise()

    @dbus_method()
    def StopDiscovery(self) -> None:
        self._discovering = False
        self.emit_properties_changed({"Discovering": False})

    @dbus_method()
    def RemoveDevice(self, device: DBusObjectPath) -> None:
        if device == self._bluez.device.path:
            self._bluez.remove_device()

    def _advertise(self) -> None:
        """Let the hotspot be heard again and again, as long as somebody listens: bleak tells of changes only."""
        if not self._discovering:
            return
        if self._bluez.is_heard:
            self._bluez.show_device()
            self._bluez.device.advertise()
        self._bluez.later(ADVERTISING_INTERVAL_S, self._advertise)


class _Device(ServiceInterface):
    def __init__(self, bluez: FakeBluez, adapter: str, *, connected: bool) -> None:
        super().__init__("org.bluez.Device1")
        self.path = f"{adapter}/dev_{ADDRESS.replace(':', '_')}"
        self.is_connected = connected
        self.is_shown = False
        self._bluez = bluez
        self._adapter = adapter
        self._resolved = connected
        self._rssi = -60

    @dbus_property(READ)
    def Address(self) -> DBusStr:
        return ADDRESS

    @dbus_property(READ)
    def Adapter(self) -> DBusObjectPath:
        return self._adapter

    @dbus_property(READ)
    def Name(self) -> DBusStr:
        return self._bluez.hotspot.name

    @dbus_property(READ)
    def Alias(self) -> DBusStr:
        return self._bluez.hotspot.name

    @dbus_property(READ)
    def UUIDs(self) -> StringList:
        return [SERVICE_UUID]

    @dbus_property(READ)
    def RSSI(self) -> DBusInt16:
        return self._rssi

    @dbus_property(READ)
    def TxPower(self) -> DBusInt16:
        return 8

    @dbus_property(READ)
    def Paired(self) -> DBusBool:
        return False

    @dbus_property(READ)
    def Connected(self) -> DBusBool:
        return self.is_connected

    @dbus_property(READ)
    def ServicesResolved(self) -> DBusBool:
        return self._resolved

    @dbus_method()
    def Connect(self) -> None:
        faults = self._bluez.faults
        self._bluez.connects += 1
        if faults.in_progress or self._bluez.is_held_elsewhere:
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        if faults.abort:
            faults.abort -= 1
            self._tell_connected(connected=True)
            self._bluez.later(ABORT_S, lambda: self._tell_connected(connected=False))
            raise DBusError("org.bluez.Error.Failed", "le-connection-abort-by-local")
        self.set_connected(connected=True)

    @dbus_method()
    def Disconnect(self) -> None:
        self._bluez.disconnects += 1
        if self._bluez.faults.in_progress == 1:
            self._bluez.faults.in_progress = 0
        self.set_connected(connected=False)

    def advertise(self) -> None:
        """Be heard again, a little differently."""
        self._rssi = -61 if self._rssi == -60 else -60
        self.emit_properties_changed({"RSSI": self._rssi})

    def set_connected(self, *, connected: bool) -> None:
        """Change the connection and tell in BlueZ's order; the services come and go with it."""
        if connected is self.is_connected:
            return
        self._tell_connected(connected=connected)
        if not connected:
            self._resolve(resolved=False)
            self._bluez.gatt.hide()
        elif self._bluez.faults.early_resolved:
            self._bluez.faults.early_resolved -= 1
            self._resolve(resolved=True)
        elif self._bluez.faults.slow_services_s:
            self._bluez.later(self._bluez.faults.slow_services_s, self._show_services)
        else:
            self._show_services()

    def _show_services(self) -> None:
        if self.is_connected:
            self._bluez.gatt.show()
            self._resolve(resolved=True)

    def _resolve(self, *, resolved: bool) -> None:
        self._resolved = resolved
        self.emit_properties_changed({"ServicesResolved": resolved})

    def _tell_connected(self, *, connected: bool) -> None:
        self.is_connected = connected
        self.emit_properties_changed({"Connected": connected})
