"""The emulated hotspot's GATT services as BlueZ shows them, with the long reads and writes of a small ATT packet."""

from typing import TYPE_CHECKING, Annotated

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusBytes, DBusDict, DBusObjectPath, DBusSignature, DBusStr, DBusUInt16
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID, Characteristic
from skerry_firmware_bridge.ble.messages import VALUE_LIMIT, read_at
from skerry_firmware_bridge.errors import FrameRejected
from skerry_simulate.devices.hotspot import NAMES, TEXTS, EmulatedHotspot

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

    from skerry_simulate.devices.bluez import FakeBluez

__all__ = ["GattCharacteristic", "GattTree"]

DEVICE_INFORMATION_UUID = "0000180a-0000-1000-8000-00805f9b34fb"
NAME_UUID, FORMAT_UUID = "00002901-0000-1000-8000-00805f9b34fb", "00002904-0000-1000-8000-00805f9b34fb"
TEXT_FORMAT, OPAQUE_FORMAT = bytes.fromhex("19000027010000"), bytes.fromhex("1b000027010000")  # assigned numbers
PACE_S = 0.05  # between two values that the hotspot takes on after a write
NEWS_S = 0.02  # from the failure of what was under way to the news that the hotspot is gone
JUNK = bytes.fromhex("0aff01ffffffffffffffffffffff7f")
OVERSIZE = bytes(100_000)
READ = PropertyAccess.READ
StringList = Annotated[list[str], DBusSignature("as")]


class GattTree:
    """The objects of a connection: services, characteristics and their descriptors."""

    def __init__(self, bus: "MessageBus", device: str, hotspot: EmulatedHotspot, bluez: "FakeBluez") -> None:
        self.characteristics: dict[Characteristic, GattCharacteristic] = {}
        self._bus = bus
        self._device = device
        self._hotspot = hotspot
        self._bluez = bluez
        self._paths: list[str] = []

    def show(self) -> None:
        """Put every object on the bus."""
        if self._paths:
            return
        services = {SERVICE_UUID: "service0010", DEVICE_INFORMATION_UUID: "service0080"}
        for uuid, name in services.items():
            self._export(f"{self._device}/{name}", _Service(uuid, self._device))
        for number, what in enumerate(one for one in Characteristic if one in self._hotspot.offers):
            is_standard = what.value.startswith("00002a")
            service = f"{self._device}/{services[DEVICE_INFORMATION_UUID if is_standard else SERVICE_UUID]}"
            path = f"{service}/char{0x100 + 4 * number:04x}"
            self.characteristics[what] = GattCharacteristic(self._bluez, what, service)
            self._export(path, self.characteristics[what])
            form = TEXT_FORMAT if what in TEXTS else OPAQUE_FORMAT
            for place, (uuid, value) in enumerate(((NAME_UUID, NAMES[what].encode()), (FORMAT_UUID, form)), start=2):
                self._export(f"{path}/desc{0x100 + 4 * number + place:04x}", _Descriptor(uuid, path, value))

    def hide(self) -> None:
        """Take every object off the bus."""
        for path in reversed(self._paths):
            self._bus.unexport(path)
        self._paths.clear()
        self.characteristics.clear()

    def _export(self, path: str, interface: ServiceInterface) -> None:
        self._bus.export(path, interface)
        self._paths.append(path)


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


class _Descriptor(ServiceInterface):
    def __init__(self, uuid: str, characteristic: str, value: bytes) -> None:
        super().__init__("org.bluez.GattDescriptor1")
        self._uuid = uuid
        self._characteristic = characteristic
        self._value = value

    @dbus_property(READ)
    def UUID(self) -> DBusStr:
        return self._uuid

    @dbus_property(READ)
    def Characteristic(self) -> DBusObjectPath:
        return self._characteristic

    @dbus_method()
    def ReadValue(self, options: DBusDict) -> DBusBytes:
        return read_at(self._value, options.get("offset", Variant("q", 0)).value)


class GattCharacteristic(ServiceInterface):
    """One characteristic; `packets` counts the ATT packets of its reads and writes."""

    def __init__(self, bluez: "FakeBluez", what: Characteristic, service: str) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self.packets = 0
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
        return self._bluez.faults.mtu

    @dbus_method()
    async def ReadValue(self, options: DBusDict) -> DBusBytes:
        await self._ready("read", "Read not permitted")
        offset = options.get("offset", Variant("q", 0)).value
        try:
            return self._read_long(offset)
        except FrameRejected as error:
            raise DBusError("org.bluez.Error.InvalidOffset", error.reason) from None

    @dbus_method()
    async def WriteValue(self, value: DBusBytes, options: DBusDict) -> None:
        del options
        await self._ready("write", "Write not permitted")
        self._count_vanishing()
        if len(value) > VALUE_LIMIT:
            raise DBusError("org.bluez.Error.InvalidArguments", "Invalid Length")
        self._tell(self._bluez.hotspot.write(self._what, self._write_long(bytes(value))))

    @dbus_method()
    async def StartNotify(self) -> None:
        await self._ready("notify", "Notify not supported")
        self._notifying = True
        self.emit_properties_changed({"Notifying": True})
        self._notify(self._bluez.hotspot.read(self._what))  # firmware tells its last value to whoever subscribes

    @dbus_method()
    def StopNotify(self) -> None:
        self._notifying = False
        self.emit_properties_changed({"Notifying": False})

    def _read_long(self, offset: int) -> bytes:
        """Read as ATT does: packet by packet, from the value as it was at the first one."""
        whole = self._content()
        part = self._bluez.faults.mtu - 1
        found = b""
        while True:
            piece = read_at(whole, offset + len(found))[:part]
            self.packets += 1
            found += piece
            if len(piece) < part:
                return found

    def _write_long(self, value: bytes) -> bytes:
        """Write as ATT does: in one packet, or prepared in several and then executed."""
        room = self._bluez.faults.mtu - 3
        if len(value) <= room:
            self.packets += 1
            return value
        part = self._bluez.faults.mtu - 5
        pieces = [value[at : at + part] for at in range(0, len(value), part)]
        self.packets += len(pieces) + 1
        return b"".join(pieces)

    def _content(self) -> bytes:
        faults = self._bluez.faults
        if faults.oversize:
            return OVERSIZE
        if faults.junk and self._what not in TEXTS:
            return JUNK
        return self._bluez.hotspot.read(self._what)

    def _count_vanishing(self) -> None:
        faults = self._bluez.faults
        if faults.vanish:
            faults.vanish -= 1
            if not faults.vanish:
                self._bluez.later(NEWS_S, self._bluez.vanish)
                raise DBusError("org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e")

    def _tell(self, values: list[bytes]) -> None:
        """Take on the values one after the other and notify each."""
        if not values:
            return
        self._bluez.hotspot.words[self._what] = values[0]
        self._notify(values[0])
        if values[1:]:
            self._bluez.later(PACE_S, lambda: self._tell(values[1:]))

    def _notify(self, value: bytes) -> None:
        if not self._notifying or self._bluez.faults.notify_loss:
            return
        self._value = value
        for _ in range(2 if self._bluez.faults.notify_twice else 1):
            self.emit_properties_changed({"Value": value})

    async def _ready(self, flag: str, refusal: str) -> None:
        if not self._bluez.device.is_connected:
            raise DBusError("org.bluez.Error.NotConnected", "Not connected")
        if flag not in self._bluez.hotspot.flags(self._what):
            raise DBusError("org.bluez.Error.NotPermitted", refusal)
        if self._bluez.faults.silent:
            await self._bluez.ended.wait()
            raise DBusError("org.bluez.Error.NotConnected", "Not connected")
