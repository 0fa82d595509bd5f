"""A small BlueZ on a private D-Bus, with one emulated hotspot in reach: bleak talks to it as to the real daemon.

    async with private_bus() as address, fake_bluez(address, EmulatedHotspot()):
        ...  # with DBUS_SYSTEM_BUS_ADDRESS=address in the environment

No root, no kernel Bluetooth. Needs `dbus-daemon` (Debian package dbus-daemon) and dbus-fast, which bleak brings.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from dbus_fast import BusType, DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import (
    DBusBool,
    DBusBytes,
    DBusDict,
    DBusInt16,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
    DBusUInt16,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from skerry_core.clock import io_timeout
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID, Characteristic
from skerry_firmware_bridge.ble.messages import read_at
from skerry_firmware_bridge.errors import FrameRejected
from skerry_simulate.devices.hotspot import EmulatedHotspot

__all__ = ["BusUnavailable", "FakeBluez", "fake_bluez", "private_bus"]

ADAPTER_PATH = "/org/bluez/hci0"
DEVICE_INFORMATION_UUID = "0000180a-0000-1000-8000-00805f9b34fb"
ADDRESS = "00:16:C0:F0:00:01"
START_TIMEOUT_S = 10.0
ADVERTISING_INTERVAL_S = 0.05
READ = PropertyAccess.READ
StringList = Annotated[list[str], DBusSignature("as")]
BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class BusUnavailable(SkerryError):
    """No private bus can be started here."""


class FakeBluez:
    """What the emulated daemon holds; `abort_connects` makes that many connection attempts fail as radio noise does."""

    def __init__(self, hotspot: EmulatedHotspot) -> None:
        self.hotspot = hotspot
        self.abort_connects = 0
        self.bus_address = ""
        self.device = _Device(self)
        self.adapter = _Adapter(self)
        self.characteristics: dict[Characteristic, _Characteristic] = {}

    @property
    def device_path(self) -> str:
        """The device's object path."""
        return f"{ADAPTER_PATH}/dev_{ADDRESS.replace(':', '_')}"

    def vanish(self) -> None:
        """Walk out of reach: the connection is lost."""
        self.device.set_connected(connected=False)

    def export(self, bus: MessageBus) -> None:
        """Put every object on the bus."""
        bus.export("/", _Root())
        bus.export(ADAPTER_PATH, self.adapter)
        bus.export(self.device_path, self.device)
        services = {SERVICE_UUID: "service0010", DEVICE_INFORMATION_UUID: "service0040"}
        for uuid, name in services.items():
            bus.export(f"{self.device_path}/{name}", _Service(uuid, self.device_path))
        for number, what in enumerate(Characteristic):
            standard = what.value.startswith("00002a")
            service = f"{self.device_path}/{services[DEVICE_INFORMATION_UUID if standard else SERVICE_UUID]}"
            characteristic = _Characteristic(self, what, service)
            self.characteristics[what] = characteristic
            bus.export(f"{service}/char{number:04x}", characteristic)


@asynccontextmanager
async def private_bus() -> AsyncIterator[str]:
    """Run a D-Bus daemon of our own for the length of the body and return its address. Raises `BusUnavailable`."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        raise BusUnavailable("dbus-daemon is not installed (apt-get install dbus-daemon)")
    with tempfile.TemporaryDirectory(prefix="skerry-bus-") as folder:
        configuration = Path(folder) / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(folder=folder))
        process = await asyncio.create_subprocess_exec(
            daemon,
            f"--config-file={configuration}",
            "--nofork",
            "--print-address",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            async with io_timeout(START_TIMEOUT_S):
                address = (await process.stdout.readline()).decode().strip()
            if not address:
                raise BusUnavailable("dbus-daemon ended at once")
            yield address
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@asynccontextmanager
async def fake_bluez(address: str, hotspot: EmulatedHotspot) -> AsyncIterator[FakeBluez]:
    """Play org.bluez on the bus at `address` for the length of the body."""
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    bluez = FakeBluez(hotspot)
    bluez.bus_address = address
    bluez.export(bus)
    await bus.request_name("org.bluez")
    try:
        yield bluez
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped


class _Root(ServiceInterface):
    """Makes the object manager answer at the root."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AgentManager1")


class _Adapter(ServiceInterface):
    def __init__(self, bluez: FakeBluez) -> None:
        super().__init__("org.bluez.Adapter1")
        self._bluez = bluez
        self._discovering = False

    @dbus_property(READ)
    def Address(self) -> DBusStr:
        return "00:00:00:00:00:01"

    @dbus_property(READ)
    def Roles(self) -> StringList:
        return ["central", "peripheral"]

    @dbus_property(READ)
    def Powered(self) -> DBusBool:
        return True

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

    def _advertise(self) -> None:
        """Let the hotspot be heard again and again, as long as somebody listens: bleak tells of changes only."""
        if self._discovering:
            self._bluez.device.advertise()
            asyncio.get_running_loop().call_later(ADVERTISING_INTERVAL_S, self._advertise)


class _Device(ServiceInterface):
    def __init__(self, bluez: FakeBluez) -> None:
        super().__init__("org.bluez.Device1")
        self._bluez = bluez
        self.connects = 0
        self._connected = False
        self._rssi = -60

    @dbus_property(READ)
    def Address(self) -> DBusStr:
        return ADDRESS

    @dbus_property(READ)
    def Adapter(self) -> DBusObjectPath:
        return ADAPTER_PATH

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
    def Paired(self) -> DBusBool:
        return False

    @dbus_property(READ)
    def Connected(self) -> DBusBool:
        return self._connected

    @dbus_property(READ)
    def ServicesResolved(self) -> DBusBool:
        return self._connected

    @dbus_method()
    def Connect(self) -> None:
        self.connects += 1
        if self._bluez.abort_connects:
            self._bluez.abort_connects -= 1
            raise DBusError("org.bluez.Error.Failed", "Operation already in progress")
        self.set_connected(connected=True)

    @dbus_method()
    def Disconnect(self) -> None:
        self.set_connected(connected=False)

    def advertise(self) -> None:
        """Be heard again, a little differently."""
        self._rssi = -61 if self._rssi == -60 else -60
        self.emit_properties_changed({"RSSI": self._rssi})

    def set_connected(self, *, connected: bool) -> None:
        """Change the connection and tell in BlueZ's order."""
        if connected is not self._connected:
            self._connected = connected
            self.emit_properties_changed({"Connected": connected})
            self.emit_properties_changed({"ServicesResolved": connected})


class _Service(ServiceInterface):
    def __init__(self, uuid: str, device: str) -> None:
        super().__init__("org.bluez.GattService1")
        self._uuid = uuid
        self._device = device

    @dbus_property(READ)
    def UUID(self) -> DBusStr:
        return self._uuid

    @dbus_property(READ)
    def Device(self) -> DBusObjectPath:
        return self._device

    @dbus_property(READ)
    def Primary(self) -> DBusBool:
        return True


class _Characteristic(ServiceInterface):
    def __init__(self, bluez: FakeBluez, what: Characteristic, service: str) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self._bluez = bluez
        self._what = what
        self._service = service
        self._notifying = False
        self._value = b""

    @dbus_property(READ)
    def UUID(self) -> DBusStr:
        return self._what.value

    @dbus_property(READ)
    def Service(self) -> DBusObjectPath:
        return self._service

    @dbus_property(READ)
    def Flags(self) -> StringList:
        return self._bluez.hotspot.flags(self._what)

    @dbus_property(READ)
    def Notifying(self) -> DBusBool:
        return self._notifying

    @dbus_property(READ)
    def Value(self) -> DBusBytes:
        return self._value

    @dbus_property(READ)
    def MTU(self) -> DBusUInt16:
        return 247

    @dbus_method()
    def ReadValue(self, options: DBusDict) -> DBusBytes:
        self._require_connection()
        offset = options.get("offset", Variant("q", 0)).value
        try:
            return read_at(self._bluez.hotspot.read(self._what), offset)
        except FrameRejected as error:
            raise DBusError("org.bluez.Error.InvalidOffset", error.reason) from None

    @dbus_method()
    def WriteValue(self, value: DBusBytes, options: DBusDict) -> None:
        del options
        self._require_connection()
        for text in self._bluez.hotspot.write(self._what, bytes(value)):
            if self._notifying:
                self._value = text
                self.emit_properties_changed({"Value": text})

    @dbus_method()
    def StartNotify(self) -> None:
        self._notifying = True
        self.emit_properties_changed({"Notifying": True})

    @dbus_method()
    def StopNotify(self) -> None:
        self._notifying = False
        self.emit_properties_changed({"Notifying": False})

    def _require_connection(self) -> None:
        if not self._bluez.device.Connected:
            raise DBusError("org.bluez.Error.NotConnected", "Not connected")
