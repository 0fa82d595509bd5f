"""A connected Helium hotspot: identity, Wi-Fi set-up, diagnostics, lights, onboarding transactions.

`skerry ble` and the scan for devices use it. Wi-Fi passwords pass through and are kept nowhere.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.connecting import Central
from skerry_firmware_bridge.ble.connection import Connection, NotOffered
from skerry_firmware_bridge.ble.messages import MESSAGES, VALUE_LIMIT, ConnectStatus, connect_status
from skerry_firmware_bridge.ble.outcomes import HotspotAnswered
from skerry_firmware_bridge.ble.protobuf import decode, encode
from skerry_firmware_bridge.ble.scanning import SCAN_S
from skerry_firmware_bridge.errors import DeviceTimeout, ModuleRefused

__all__ = ["IDENTITY", "Hotspot", "WifiNames", "connect_hotspot"]

WIFI_TIMEOUT_S = 60.0  # a hotspot notifies "connecting" for up to 30 s
WIFI_POLL_S = 2.0  # without a notification for this long, the status is read: notifications get lost
WIFI_REMOVE_TIMEOUT_S = 20.0
TRANSACTION_TIMEOUT_S = 30.0
TRANSACTION_POLL_S = 0.5
LONGEST_NAME_ENCODED = 34  # bytes: 32 of a Wi-Fi name, with protobuf's tag and length
SHORTEST_TRANSACTION = 20  # bytes; a shorter answer is an error word
IDENTITY = (
    Characteristic.PUBLIC_KEY,
    Characteristic.ONBOARDING_KEY,
    Characteristic.MAC,
    Characteristic.MANUFACTURER,
    Characteristic.FIRMWARE_REVISION,
    Characteristic.SERIAL_NUMBER,
    Characteristic.SOFTWARE_VERSION,
)


@asynccontextmanager
async def connect_hotspot(address: str, *, clock: Clock, scan_s: float = SCAN_S) -> AsyncIterator["Hotspot"]:
    """Connect for the length of the body and always disconnect. Raises `LinkRefused`."""
    async with Central(clock=clock, scan_s=scan_s).connected(address) as connection:
        yield Hotspot(connection, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class WifiNames:
    """Names of Wi-Fi networks. A hotspot cuts a long list without saying so: `may_be_cut` says that one more name
    would perhaps not have fitted."""

    names: tuple[str, ...]
    may_be_cut: bool


class Hotspot:
    """A connected hotspot.

    Every call raises `LinkLost`, `DeviceTimeout`, `ModuleRefused`, `NotOffered`, `HotspotAnswered`, `FrameRejected`.
    """

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        self._gatt = connection
        self._clock = clock

    async def identity(self) -> dict[str, str | None]:
        """Return keys, serial number and versions; what this hotspot does not offer or does not know is None."""
        return {what.name.lower(): await self._known(what) for what in IDENTITY}

    async def visible_wifi(self) -> WifiNames:
        """Return the names of Wi-Fi networks in reach."""
        return await self._names(Characteristic.WIFI_SERVICES)

    async def configured_wifi(self) -> WifiNames:
        """Return the names of Wi-Fi networks that the hotspot knows a password for."""
        return await self._names(Characteristic.WIFI_CONFIGURED)

    async def wifi_ssid(self) -> str | None:
        """Return the network it is connected to."""
        return await self._known(Characteristic.WIFI_SSID)

    async def ethernet_online(self) -> bool | None:
        """Tell whether it has a working cable; None when it does not say."""
        text = await self._known(Characteristic.ETHERNET_ONLINE)
        return None if text is None else text.lower() == "true"

    async def diagnostics(self) -> dict[str, str]:
        """Return what the hotspot says about itself (eth, wifi, fw, ip, disk, ...)."""
        raw = await self._gatt.read(Characteristic.DIAGNOSTICS)
        _refuse_words(Characteristic.DIAGNOSTICS, raw, {"wait", "unknown", "error"})
        found: dict[str, str] = decode(MESSAGES["diagnostics"], raw)["diagnostics"]
        return found

    async def lights(self) -> bool:
        """Tell whether the lights are on."""
        return await self._text(Characteristic.LIGHTS) in ("on", "true")  # Nebra's can only be read

    async def set_lights(self, *, on: bool) -> bool:
        """Switch the lights; return their state afterwards."""
        await self._gatt.write(Characteristic.LIGHTS, b"on" if on else b"off")
        return await self.lights()

    async def connect_wifi(self, service: str, password: str, *, progress: Callable[[str], object] = str) -> None:
        """Put the hotspot into a Wi-Fi network; `progress` is told each new status word.

        Raises `HotspotAnswered` with the hotspot's reason when that fails.
        """
        value = encode(MESSAGES["wifi_connect"], {"service": service, "password": password})
        before = await self.wifi_ssid()
        text = await self._wifi_status(value, progress)
        if text in ("", "connecting") and before != service and await self.wifi_ssid() == service:
            text = "connected"  # its words got lost, but it is in that network now
        if not text:
            raise DeviceTimeout(f"wifi_connect: no result within {WIFI_TIMEOUT_S:g} s")
        if text != "connected":
            raise HotspotAnswered(Characteristic.WIFI_CONNECT, text)

    async def remove_wifi(self, service: str) -> None:
        """Make the hotspot forget a network; done when its list of known networks is without it.

        Firmware differs in whether the characteristic can be read, so the list is what counts. Raises
        `HotspotAnswered` unknown_network, badargs.
        """
        configured = await self.configured_wifi()
        if service not in configured.names and not configured.may_be_cut:
            raise HotspotAnswered(Characteristic.WIFI_REMOVE, "unknown_network")
        await self._gatt.write(Characteristic.WIFI_REMOVE, encode(MESSAGES["wifi_remove"], {"service": service}))
        async with self._gatt.step(Characteristic.WIFI_REMOVE, limit_s=WIFI_REMOVE_TIMEOUT_S):
            while service in (await self.configured_wifi()).names:
                if await self._said(Characteristic.WIFI_REMOVE) in ("badargs", "error"):
                    raise HotspotAnswered(Characteristic.WIFI_REMOVE, "badargs")
                await self._clock.sleep(TRANSACTION_POLL_S)

    async def add_gateway(self, *, owner: str, amount: int, fee: int, payer: str) -> bytes:
        """Ask for the add-gateway transaction signed by the hotspot; the owner signs it elsewhere, after parsing it."""
        fields = {"owner": owner, "amount": amount, "fee": fee, "payer": payer}
        return await self._transaction(Characteristic.ADD_GATEWAY, encode(MESSAGES["add_gateway"], fields))

    async def assert_location(self, fields: Mapping[str, str | int | float]) -> bytes:
        """Ask for a signed location assertion (fields of `assert_location`); current firmware answers `error`."""
        return await self._transaction(Characteristic.ASSERT_LOCATION, encode(MESSAGES["assert_location"], fields))

    async def _transaction(self, what: Characteristic, value: bytes) -> bytes:
        await self._gatt.write(what, value)
        raw = b"init"
        with suppress(TimeoutError):  # a hotspot whose miner is away says `wait` for ever
            async with io_timeout(TRANSACTION_TIMEOUT_S):
                while (raw := await self._gatt.read(what)) in (b"init", b"wait", b""):
                    await self._clock.sleep(TRANSACTION_POLL_S)
        if len(raw) < SHORTEST_TRANSACTION:
            raise HotspotAnswered(what, _printable(raw))
        return raw

    async def _wifi_status(self, value: bytes, progress: Callable[[str], object]) -> str:
        """Subscribe, write, and return the first status of this request that is not progress.

        A hotspot tells its last status to whoever subscribes, Nebra's once a second: nothing counts until it differs
        from what was there before. Notifications get lost, so a silent hotspot is also read. When time is up the answer
        is "connecting", at which Nebra's stays when the password is wrong, or "" for silence.
        """
        what = Characteristic.WIFI_CONNECT
        told = await self._said(what)
        async with self._gatt.notified(what) as values:
            await self._gatt.write(what, value)
            with suppress(DeviceTimeout):
                async with self._gatt.step(what, limit_s=WIFI_TIMEOUT_S):
                    while True:
                        text = await self._next_status(values)
                        if text in (told, "init", None):
                            continue
                        told = text
                        if connect_status(text) is not ConnectStatus.PROGRESS:
                            return text
                        progress(text)
        return told if told == "connecting" else ""

    async def _next_status(self, values: "asyncio.Queue[bytes]") -> str | None:
        try:
            async with self._clock.timeout(WIFI_POLL_S):
                return _printable(await values.get())
        except TimeoutError:
            return await self._said(Characteristic.WIFI_CONNECT)

    async def _said(self, what: Characteristic) -> str | None:
        """Return the word that a characteristic holds, None where it cannot be read."""
        if not self._gatt.can(what, "read"):
            return None
        try:
            return await self._text(what)
        except ModuleRefused:
            return None

    async def _names(self, what: Characteristic) -> WifiNames:
        raw = await self._gatt.read(what)
        _refuse_words(what, raw, {"error"})
        names = tuple(decode(MESSAGES["wifi_services"], raw)["services"])
        return WifiNames(names=names, may_be_cut=len(raw) > VALUE_LIMIT - LONGEST_NAME_ENCODED)

    async def _known(self, what: Characteristic) -> str | None:
        try:
            text = await self._text(what)
        except (NotOffered, ModuleRefused):
            return None
        return None if text in ("", "unknown") else text

    async def _text(self, what: Characteristic) -> str:
        return _printable(await self._gatt.read(what))


def _refuse_words(what: Characteristic, raw: bytes, words: set[str]) -> None:
    text = raw.decode("utf-8", "replace")
    if text in words:
        raise HotspotAnswered(what, text)


def _printable(raw: bytes) -> str:
    """Return text of a stranger's device without what would move a terminal's cursor."""
    text = raw.decode("utf-8", "replace").strip("\0")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
