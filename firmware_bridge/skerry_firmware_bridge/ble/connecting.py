"""Connecting to one hotspot through BlueZ's moods: at most four attempts, a fresh scan before each (row 22)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.ble.alone import alone_with
from skerry_firmware_bridge.ble.availability import bluetooth_errors, is_in_progress, no_bluetooth, require_bleak
from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID
from skerry_firmware_bridge.ble.connection import GATT_TIMEOUT_S, Connection
from skerry_firmware_bridge.ble.scanning import SCAN_S, hear
from skerry_firmware_bridge.ble.stale import release_device
from skerry_firmware_bridge.errors import LinkRefused

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.device import BLEDevice

__all__ = ["CONNECT_ATTEMPTS", "CONNECT_BACKOFF_S", "Central"]

CONNECT_ATTEMPTS = 4
CONNECT_BACKOFF_S = 0.25  # "le-connection-abort-by-local" is radio noise: the next attempt usually works
CONNECT_TIMEOUT_S = 30.0  # BlueZ itself gives up after about 25 s
_CLOSER = "Press the hotspot's Bluetooth button (it advertises for five minutes) and stay within a few metres."


class _Failed(Exception):
    """One attempt failed; `refusal` is what to say if it was the last one."""

    def __init__(self, refusal: LinkRefused, *, is_stuck: bool = False) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.is_stuck = is_stuck


class Central:
    """This computer's side of Bluetooth. One connection at a time: BlueZ mixes up attempts made at once."""

    def __init__(self, *, clock: Clock, scan_s: float = SCAN_S) -> None:
        self._clock = clock
        self._scan_s = scan_s
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def connected(self, address: str) -> AsyncIterator[Connection]:
        """Connect for the length of the body and always disconnect. Raises `LinkRefused`."""
        require_bleak()
        async with self._turn:
            with alone_with(address):
                connection = Connection()
                client = await self._connect(address, connection)
                try:
                    yield connection
                finally:
                    await _disconnect(client)

    async def _connect(self, address: str, connection: Connection) -> "BleakClient":
        failures: list[_Failed] = []
        while len(failures) < CONNECT_ATTEMPTS:
            if failures:
                await self._clock.sleep(CONNECT_BACKOFF_S)
            try:
                return await self._attempt(address, connection)
            except _Failed as failed:
                again = any(one.is_stuck for one in failures)
                failures.append(failed)
                if failed.is_stuck:  # let go first; what stays stuck is forgotten, as by `bluetoothctl remove`
                    await release_device(address, forget=again)
        raise failures[-1].refusal

    async def _attempt(self, address: str, connection: Connection) -> "BleakClient":
        from bleak import BleakClient

        device = await self._hear(address)
        client = BleakClient(device, disconnected_callback=connection.lose, timeout=CONNECT_TIMEOUT_S)
        try:
            async with io_timeout(CONNECT_TIMEOUT_S + GATT_TIMEOUT_S):
                await client.connect()
            service = client.services.get_service(SERVICE_UUID)
        except bluetooth_errors() as error:
            await _disconnect(client)
            is_stuck = is_in_progress(error)
            refusal = no_bluetooth(error) if is_stuck else _not_connected(address, error)
            raise _Failed(refusal, is_stuck=is_stuck) from error
        except BaseException:
            await _disconnect(client)
            raise
        if service is None or not service.characteristics:
            # BlueZ says "resolved" before they exist; connecting again shows them
            await _disconnect(client)
            raise _Failed(_no_services(address))
        connection.use(client)
        return client

    async def _hear(self, address: str) -> "BLEDevice":
        try:
            device = await hear(address, scan_s=self._scan_s)
            if device is None and await release_device(address):  # a connected hotspot does not advertise
                device = await hear(address, scan_s=self._scan_s)
        except bluetooth_errors() as error:
            refusal = no_bluetooth(error)
            if is_in_progress(error):
                raise _Failed(refusal, is_stuck=True) from error
            raise refusal from error
        if device is None:
            raise LinkRefused("E_BLE_NOT_HEARD", f"The hotspot {address} does not advertise.", remedy=_CLOSER)
        return device


async def _disconnect(client: "BleakClient") -> None:
    try:
        async with io_timeout(GATT_TIMEOUT_S):
            await client.disconnect()
    except bluetooth_errors():
        pass  # it is gone, which is what was wanted


def _not_connected(address: str, error: Exception) -> LinkRefused:
    why = str(error) or ("it took too long" if isinstance(error, TimeoutError) else type(error).__name__)
    return LinkRefused("E_BLE_CONNECT", f"Connecting to the hotspot {address} failed: {why}.", remedy=_CLOSER)


def _no_services(address: str) -> LinkRefused:
    return LinkRefused(
        "E_BLE_SERVICES",
        f"{address} is connected, but shows no Helium hotspot service.",
        remedy=f"If it is a hotspot, make the computer forget it (bluetoothctl remove {address}) and try again.",
    )
