"""A Helium hotspot over Bluetooth: identity, Wi-Fi set-up, diagnostics, lights, onboarding transactions.

The desktop program's onboarding uses it through the agent. A hotspot advertises for five minutes after its button was
pressed. Wi-Fi passwords pass through and are kept nowhere.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID, Characteristic
from skerry_firmware_bridge.ble.messages import MESSAGES, ConnectStatus, connect_status
from skerry_firmware_bridge.ble.protobuf import decode, encode
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost, LinkRefused

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.device import BLEDevice

__all__ = ["FoundHotspot", "Hotspot", "HotspotAnswered", "connect_hotspot", "find_hotspots"]

SCAN_S = 8.0
CONNECT_ATTEMPTS = 4
CONNECT_BACKOFF_S = 0.25  # "le-connection-abort-by-local" is radio noise: the next attempt usually works
CONNECT_TIMEOUT_S = 30.0
GATT_TIMEOUT_S = 15.0
WIFI_TIMEOUT_S = 60.0  # a hotspot notifies "connecting" for up to 30 s
TRANSACTION_TIMEOUT_S = 30.0
TRANSACTION_POLL_S = 0.5
SHORTEST_TRANSACTION = 20  # bytes; a shorter answer is an error word


class HotspotAnswered(BridgeError):
    """The hotspot refused; `text` is its own word: wait, unknown, error, badargs, gw_not_found, invalid, timeout..."""

    def __init__(self, what: Characteristic, text: str) -> None:
        super().__init__(f"{what.name.lower()}: the hotspot says {text!r}")
        self.what = what
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHotspot:
    """An advertising hotspot."""

    address: str
    name: str
    rssi_dbm: int | None


async def find_hotspots(*, scan_s: float = SCAN_S) -> list[FoundHotspot]:
    """Listen for advertising hotspots. Raises `LinkRefused` where Bluetooth cannot be used."""
    from bleak import BleakScanner
    from bleak.exc import BleakError

    try:
        async with io_timeout(scan_s + GATT_TIMEOUT_S):
            heard = await BleakScanner.discover(timeout=scan_s, return_adv=True, service_uuids=[SERVICE_UUID])
    except (BleakError, OSError, TimeoutError) as error:
        raise _no_bluetooth(error) from None
    return [
        FoundHotspot(address=device.address, name=device.name or "", rssi_dbm=advertisement.rssi)
        for device, advertisement in heard.values()
    ]


@asynccontextmanager
async def connect_hotspot(address: str, *, clock: Clock, scan_s: float = SCAN_S) -> AsyncIterator["Hotspot"]:
    """Connect for the length of the body and always disconnect. Raises `LinkRefused`, `LinkLost`, `DeviceTimeout`."""
    from bleak.exc import BleakError

    client = await _connect(address, clock=clock, scan_s=scan_s)
    try:
        yield Hotspot(client, clock=clock)
    finally:
        try:
            async with io_timeout(GATT_TIMEOUT_S):
                await client.disconnect()
        except (BleakError, OSError, TimeoutError, EOFError):
            pass  # the hotspot is gone, which is what was wanted


class Hotspot:
    """A connected hotspot. Every call raises `LinkLost`, `DeviceTimeout`, `HotspotAnswered`, `FrameRejected`."""

    def __init__(self, client: "BleakClient", *, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def identity(self) -> dict[str, str | None]:
        """Return keys, serial number and versions; what the maker does not offer is None."""
        wanted = (
            Characteristic.PUBLIC_KEY,
            Characteristic.ONBOARDING_KEY,
            Characteristic.MAC,
            Characteristic.MANUFACTURER,
            Characteristic.FIRMWARE_REVISION,
            Characteristic.SERIAL_NUMBER,
            Characteristic.SOFTWARE_VERSION,
        )
        offered = [what for what in wanted if self.offers(what)]
        texts = {what: await self._text(what) for what in offered}
        return {what.name.lower(): _known(texts.get(what)) for what in wanted}

    def offers(self, what: Characteristic) -> bool:
        """Tell whether this hotspot has the characteristic."""
        return self._client.services.get_characteristic(what.value) is not None

    async def visible_wifi(self) -> list[str]:
        """Return the names of Wi-Fi networks in reach; hotspots cut long lists without saying so."""
        return await self._names(Characteristic.WIFI_SERVICES)

    async def configured_wifi(self) -> list[str]:
        """Return the names of Wi-Fi networks that the hotspot knows a password for."""
        return await self._names(Characteristic.WIFI_CONFIGURED)

    async def wifi_ssid(self) -> str | None:
        """Return the network it is connected to."""
        return await self._text(Characteristic.WIFI_SSID) or None

    async def ethernet_online(self) -> bool:
        """Tell whether it has a working cable."""
        return await self._text(Characteristic.ETHERNET_ONLINE) == "true"

    async def diagnostics(self) -> dict[str, str]:
        """Return what the hotspot says about itself (eth, wifi, fw, ip, disk, ...)."""
        raw = await self._read(Characteristic.DIAGNOSTICS)
        _refuse_words(Characteristic.DIAGNOSTICS, raw, {"wait", "unknown", "error"})
        found: dict[str, str] = decode(MESSAGES["diagnostics"], raw)["diagnostics"]
        return found

    async def set_lights(self, *, on: bool) -> bool:
        """Switch the lights; return their state afterwards."""
        await self._write(Characteristic.LIGHTS, b"on" if on else b"off")
        return await self._text(Characteristic.LIGHTS) == "on"

    async def connect_wifi(self, service: str, password: str) -> None:
        """Put the hotspot into a Wi-Fi network. Raises `HotspotAnswered` with its reason when that fails."""
        value = encode(MESSAGES["wifi_connect"], {"service": service, "password": password})
        text = await self._write_and_wait(Characteristic.WIFI_CONNECT, value, timeout_s=WIFI_TIMEOUT_S)
        if text != "connected":
            raise HotspotAnswered(Characteristic.WIFI_CONNECT, text)

    async def remove_wifi(self, service: str) -> str:
        """Make the hotspot forget a network; return its answer."""
        value = encode(MESSAGES["wifi_remove"], {"service": service})
        await self._write(Characteristic.WIFI_REMOVE, value)
        return await self._text(Characteristic.WIFI_REMOVE)

    async def add_gateway(self, *, owner: str, amount: int, fee: int, payer: str) -> bytes:
        """Ask for the add-gateway transaction signed by the hotspot; the owner signs it elsewhere, after parsing it."""
        fields = {"owner": owner, "amount": amount, "fee": fee, "payer": payer}
        return await self._transaction(Characteristic.ADD_GATEWAY, encode(MESSAGES["add_gateway"], fields))

    async def assert_location(self, fields: dict[str, str | int | float]) -> bytes:
        """Ask for a signed location assertion (fields of `assert_location`); current firmware answers `error`."""
        return await self._transaction(Characteristic.ASSERT_LOCATION, encode(MESSAGES["assert_location"], fields))

    async def _transaction(self, what: Characteristic, value: bytes) -> bytes:
        await self._write(what, value)
        try:
            async with io_timeout(TRANSACTION_TIMEOUT_S):
                while (raw := await self._read(what)) in (b"init", b"wait"):
                    await self._clock.sleep(TRANSACTION_POLL_S)
        except TimeoutError:
            raise DeviceTimeout(f"{what.name.lower()}: no transaction within {TRANSACTION_TIMEOUT_S:g} s") from None
        if len(raw) < SHORTEST_TRANSACTION:
            raise HotspotAnswered(what, raw.decode("utf-8", "replace"))
        return raw

    async def _names(self, what: Characteristic) -> list[str]:
        raw = await self._read(what)
        _refuse_words(what, raw, {"error"})
        names: list[str] = decode(MESSAGES["wifi_services"], raw)["services"]
        return names

    async def _text(self, what: Characteristic) -> str:
        return (await self._read(what)).decode("utf-8", "replace").strip("\0")

    async def _read(self, what: Characteristic) -> bytes:
        async with _gatt(what):
            return bytes(await self._client.read_gatt_char(what.value))

    async def _write(self, what: Characteristic, value: bytes) -> None:
        async with _gatt(what):
            await self._client.write_gatt_char(what.value, value, response=True)

    async def _write_and_wait(self, what: Characteristic, value: bytes, *, timeout_s: float) -> str:
        """Subscribe, write, and return the first notified text that is not progress."""
        texts: asyncio.Queue[str] = asyncio.Queue(maxsize=256)

        def notified(_: object, data: bytearray) -> None:
            if not texts.full():
                texts.put_nowait(bytes(data).decode("utf-8", "replace"))

        async with _gatt(what):
            await self._client.start_notify(what.value, notified)
        try:
            await self._write(what, value)
            async with io_timeout(timeout_s):
                while connect_status(text := await texts.get()) is ConnectStatus.PROGRESS:
                    pass
            return text
        except TimeoutError:
            raise DeviceTimeout(f"{what.name.lower()}: no result within {timeout_s:g} s") from None
        finally:
            if self._client.is_connected:
                async with _gatt(what):
                    await self._client.stop_notify(what.value)


@asynccontextmanager
async def _gatt(what: Characteristic) -> AsyncIterator[None]:
    """Limit one GATT step and turn bleak's errors into ours."""
    from bleak.exc import BleakError

    try:
        async with io_timeout(GATT_TIMEOUT_S):
            yield
    except TimeoutError:
        raise DeviceTimeout(f"{what.name.lower()}: no answer within {GATT_TIMEOUT_S:g} s") from None
    except (BleakError, OSError, EOFError) as error:
        raise LinkLost(f"{what.name.lower()}: {error}") from None


async def _connect(address: str, *, clock: Clock, scan_s: float) -> "BleakClient":
    from bleak import BleakClient
    from bleak.exc import BleakError

    failure: Exception | None = None
    for attempt in range(CONNECT_ATTEMPTS):
        if attempt:
            await clock.sleep(CONNECT_BACKOFF_S)
        device = await _hear(address, scan_s=scan_s)
        if device is None:
            break
        client = BleakClient(device, timeout=CONNECT_TIMEOUT_S)
        try:
            async with io_timeout(CONNECT_TIMEOUT_S + GATT_TIMEOUT_S):
                await client.connect()
            return client
        except (BleakError, OSError, TimeoutError, EOFError) as error:
            failure = error
    reason = f"connecting failed: {failure}" if failure is not None else "it does not advertise"
    raise LinkRefused(
        "E_BLE_CONNECT",
        f"Cannot reach the hotspot {address}: {reason}.",
        remedy="Press the hotspot's Bluetooth button (it advertises for five minutes) and stay within a few metres.",
    )


async def _hear(address: str, *, scan_s: float) -> "BLEDevice | None":
    """Scan right before connecting: BlueZ forgets devices that it has not heard for a while."""
    from bleak import BleakScanner
    from bleak.exc import BleakError

    try:
        async with io_timeout(scan_s + GATT_TIMEOUT_S):
            return await BleakScanner.find_device_by_address(address, timeout=scan_s)
    except (BleakError, OSError, TimeoutError, EOFError) as error:
        raise _no_bluetooth(error) from None


def _no_bluetooth(error: Exception) -> LinkRefused:
    return LinkRefused(
        "E_BLE_UNAVAILABLE",
        f"Bluetooth cannot be used: {error}.",
        remedy="Switch the adapter on; on Linux run: sudo systemctl start bluetooth",
    )


def _refuse_words(what: Characteristic, raw: bytes, words: set[str]) -> None:
    text = raw.decode("utf-8", "replace")
    if text in words:
        raise HotspotAnswered(what, text)


def _known(text: str | None) -> str | None:
    return None if text in (None, "", "unknown") else text
