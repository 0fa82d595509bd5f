"""A small ModemManager on a private D-Bus with one emulated 5G modem: to its callers like the real daemon.

    async with private_bus() as address, fake_modem_manager(address) as manager:
        ...  # devices.attached = modem-manager:any?bus=ADDRESS

No root, no modem. Needs dbus-fast. Numbers and types are those of ModemManager's interface (serial-devices 2.4); the
network is an invented one (001 01).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count, cycle
from sys import float_info

from dbus_fast import BusType, Message, MessageType, NameFlag, Variant
from dbus_fast.aio import MessageBus

from skerry_firmware_bridge.cellular.identity import imei_check_digit
from skerry_firmware_bridge.cellular.modem_manager_bus import OBJECTS, ROOT, SERVICE
from skerry_firmware_bridge.cellular.modem_manager_values import INTERFACE
from skerry_simulate.devices.manager_faults import ManagerFaults

__all__ = ["IMEI", "FakeModemManager", "fake_modem_manager"]

PROBE_S = 0.3  # from a modem's appearance to its object; the real daemon takes 10 to 30 s
IMEI, TWINS_IMEI = (f"{body}{imei_check_digit(body)}" for body in ("00101000000001", "00101000000002"))
FAILED, LOCKED, DISABLED, CONNECTED = -1, 2, 3, 11
NO_LOCK, PIN = 1, 2
HOME, NR_BIT, NR_CELL = 1, 1 << 15, 6
UNAUTHORIZED = f"{SERVICE}.Error.Core.Unauthorized"
JUNK = (
    Variant("s", "\x1b"), Variant("d", float("nan")), Variant("ai", [1, -1]), Variant("t", 2**64 - 1),
    Variant("a{sv}", {"rsrp": Variant("s", "loud")}), Variant("b", True), Variant("(sb)", ["x", False]),
)  # fmt: skip
# what Skerry does not read, for other clients
DESCRIPTION = {
    "Bearers": Variant("ao", []),
    "CarrierConfiguration": Variant("s", "default"),
    "CurrentCapabilities": Variant("u", 72),
    "CurrentModes": Variant("(uu)", [24, 16]),
    "Drivers": Variant("as", ["qmi_wwan"]),
    "HardwareRevision": Variant("s", "RM520N-GL"),
    "MaxActiveBearers": Variant("u", 1),
    "OwnNumbers": Variant("as", []),
    "Ports": Variant("a(su)", [["cdc-wdm0", 6], ["ttyUSB2", 3]]),
    "Sim": Variant("o", "/"),
    "SupportedBands": Variant("au", [378]),
    "SupportedCapabilities": Variant("au", [72]),
    "SupportedIpFamilies": Variant("u", 3),
    "SupportedModes": Variant("a(uu)", [[24, 16]]),
    "UnlockRetries": Variant("a{uu}", {PIN: 3}),
}
Properties = dict[str, Variant]
Interfaces = dict[str, Properties]


class FakeModemManager:
    """The emulated daemon's state. `calls` are the names of the methods called, `rate_s` what Setup has set."""

    def __init__(self, bus: MessageBus, faults: ManagerFaults, *, bus_address: str) -> None:
        self.faults = faults
        self.bus_address = bus_address
        self.calls: list[str] = []
        self.rate_s = 0
        self.is_there = not faults.absent
        self.ended = asyncio.Event()
        self._bus = bus
        self._numbers = count()
        self._number = next(self._numbers)
        self._levels_dbm = cycle((-84, -83, -84, -85))
        self._timers: list[asyncio.TimerHandle] = []
        bus.add_message_handler(self._answer)
        for period_s, action in ((faults.moves_s, self.move), (faults.restarts_s, self.restart)):
            if period_s:
                self._every(period_s, action)

    @property
    def path(self) -> str:
        """The object path of the modem."""
        return f"{ROOT}/Modem/{self._number}"

    def objects(self) -> dict[str, Interfaces]:
        """Return all objects with their properties."""
        modems = {self.path: self._modem(IMEI)} if self.is_there else {}
        if self.faults.twin:
            modems[f"{ROOT}/Modem/1000"] = self._modem(TWINS_IMEI)
        return modems

    def unplug(self) -> None:
        """Lose the modem."""
        if self.is_there:
            self._tell("InterfacesRemoved", "oas", [self.path, list(self._modem(IMEI))])
        self.is_there, self.rate_s = False, 0

    def plug(self) -> None:
        """Get a modem, under a new object path."""
        self._number = next(self._numbers)
        self.is_there = True
        self._tell("InterfacesAdded", "oa{sa{sv}}", [self.path, self._modem(IMEI)])

    def move(self) -> None:
        """Lose the modem, and find it again under another object path, as after its reset."""
        self.unplug()
        self._later(PROBE_S, self.plug)

    def restart(self) -> None:
        """End, start again, and find the modem again."""
        self.unplug()
        self._ask_daemon("ReleaseName", "s", SERVICE)
        self._later(PROBE_S, lambda: self._ask_daemon("RequestName", "su", SERVICE, NameFlag.NONE.value))
        self._later(2 * PROBE_S, self.plug)

    def stop(self) -> None:
        """Let nothing happen any more."""
        self.ended.set()
        for timer in self._timers:
            timer.cancel()

    def _answer(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or not str(message.path).startswith(ROOT):
            return None
        self.calls.append(str(message.member))
        if self.faults.silent:
            return True
        match message.interface, message.member:
            case "org.freedesktop.DBus.ObjectManager", "GetManagedObjects":
                if self.faults.junk > 1:
                    return Message.new_method_return(message, "s", ["junk"])
                return Message.new_method_return(message, "a{oa{sa{sv}}}", [self.objects()])
            case interface, "GetCellInfo" | "Setup" if str(interface).startswith(INTERFACE):
                if self.faults.denied:
                    return Message.new_error(message, UNAUTHORIZED, "PolicyKit authorization failed")
                if message.member == "GetCellInfo":
                    return Message.new_method_return(message, "aa{sv}", [list(self._cells())])
                self.rate_s = int(message.body[0])
                return Message.new_method_return(message)
        return None

    def _modem(self, imei: str) -> Interfaces:
        faults = self.faults
        state = FAILED if faults.failed else LOCKED if faults.locked else DISABLED if faults.disabled else CONNECTED
        works = state == CONNECTED
        interfaces = {
            INTERFACE: {
                "Manufacturer": Variant("s", "Quectel"),
                "Model": Variant("s", "RM520N-GL"),
                "Revision": Variant("s", "RM520NGLAAR03A03M4G"),
                "EquipmentIdentifier": Variant("s", imei),
                "DeviceIdentifier": Variant("s", f"emulated-{imei}"),
                "Device": Variant("s", "/sys/devices/emulated"),
                "Plugin": Variant("s", "quectel"),
                "PrimaryPort": Variant("s", "cdc-wdm0"),
                "State": Variant("i", state),
                "StateFailedReason": Variant("u", faults.failed),
                "UnlockRequired": Variant("u", PIN if faults.locked else NO_LOCK),
                "PowerState": Variant("u", 3),
                "AccessTechnologies": Variant("u", NR_BIT if works else 0),
                "SignalQuality": Variant("(ub)", [61 if works else 0, works]),
                "CurrentBands": Variant("au", [378]),
                **DESCRIPTION,
            },
            f"{INTERFACE}.Modem3gpp": {
                "Imei": Variant("s", imei),
                "RegistrationState": Variant("u", HOME if works else 0),
                "OperatorCode": Variant("s", "00101" if works else ""),
                "OperatorName": Variant("s", "Test Network" if works else ""),
                "Pco": Variant("a(ubay)", []),
            },
            f"{INTERFACE}.Signal": self._signal(),
        }
        return {name: self._spoilt(values) for name, values in interfaces.items()} if faults.junk else interfaces

    def _spoilt(self, values: Properties) -> Properties:
        junk = cycle(JUNK)
        return {name: value if name == "EquipmentIdentifier" else next(junk) for name, value in values.items()}

    def _signal(self) -> Properties:
        told = {name: Variant("a{sv}", {}) for name in ("Lte", "Nr5g", "Umts", "Gsm")}
        if self.rate_s:
            level = {"rsrp": float(next(self._levels_dbm)), "rsrq": -11.0, "snr": 19.0}
            told["Nr5g"] = Variant("a{sv}", {name: Variant("d", value) for name, value in level.items()})
            told["Lte"] = Variant("a{sv}", {"rssi": Variant("d", -float_info.max)})  # so "unknown" is told
        return {"Rate": Variant("u", self.rate_s), "RssiThreshold": Variant("u", 0), **told}

    def _cells(self) -> Iterator[Properties]:
        for serving, pci, level in ((True, "106", -84.0), (False, "107", -101.0)):
            common = {"cell-type": Variant("u", NR_CELL), "serving": Variant("b", serving)}
            cell = {"physical-ci": Variant("s", pci), "nrarfcn": Variant("u", 634080), "rsrp": Variant("d", level)}
            named = {"operator-id": "00101", "tac": "15EC", "ci": "12AA54086"} if serving else {}
            whole = common | cell | {name: Variant("s", value) for name, value in named.items()}
            yield self._spoilt(whole) if self.faults.junk else whole

    def _tell(self, member: str, signature: str, body: list[object]) -> None:
        signal = Message.new_signal(path=ROOT, interface=OBJECTS, member=member, signature=signature, body=body)
        self._bus.send(signal)

    def _ask_daemon(self, member: str, signature: str, *body: object) -> None:
        daemon = "org.freedesktop.DBus"
        self._bus.send(
            Message(
                destination=daemon, path="/org/freedesktop/DBus", interface=daemon, member=member,
                signature=signature, body=list(body),
            )
        )  # fmt: skip

    def _later(self, delay_s: float, action: Callable[[], object]) -> None:
        """Do something after real time, unless the emulator has ended by then."""
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(delay_s, action))

    def _every(self, period_s: float, action: Callable[[], object]) -> None:
        def again() -> None:
            action()
            self._later(period_s, again)

        self._later(period_s, again)


@asynccontextmanager
async def fake_modem_manager(address: str, *, faults: ManagerFaults | None = None) -> AsyncIterator[FakeModemManager]:
    """Play org.freedesktop.ModemManager1 on the bus at `address` for the length of the body."""
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    manager = FakeModemManager(bus, faults or ManagerFaults(), bus_address=address)
    await bus.request_name(SERVICE)
    try:
        yield manager
    finally:
        manager.stop()
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped
