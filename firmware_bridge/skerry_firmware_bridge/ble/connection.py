"""One connection's GATT steps - read, write, listen - each with a limit, all ended at once when the link is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from skerry_core.clock import io_timeout
from skerry_firmware_bridge.ble.availability import bluetooth_errors, dbus_error_name
from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.messages import VALUE_LIMIT
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, FrameRejected, LinkLost, ModuleRefused

if TYPE_CHECKING:
    from bleak import BleakClient

__all__ = ["GATT_TIMEOUT_S", "Connection", "NotOffered"]

GATT_TIMEOUT_S = 15.0
NEWS_S = 0.3
_REFUSALS = frozenset(
    f"org.bluez.Error.{name}" for name in ("NotPermitted", "NotSupported", "NotAuthorized", "InvalidArguments")
)
QUEUE_LIMIT = 64  # notified texts; a hotspot sends one a second


class NotOffered(BridgeError):
    """This hotspot does not have the characteristic `what`, or not for `flag`: read, write or notify."""

    def __init__(self, what: Characteristic, flag: str) -> None:
        super().__init__(f"this hotspot does not offer to {flag} {_name(what)}")
        self.what = what
        self.flag = flag


class Connection:
    """What `Hotspot` needs of bleak. `lose` is to be called when the connection breaks.

    Every step raises `LinkLost`, `DeviceTimeout`, `ModuleRefused` (the hotspot's ATT error), `NotOffered`.
    """

    def __init__(self) -> None:
        self._client: BleakClient | None = None
        self._limits: set[asyncio.Timeout] = set()
        self._lost = asyncio.Event()

    def use(self, client: "BleakClient") -> None:
        """Take a connected client; what `lose` heard of earlier attempts with it does not count."""
        self._client = client
        if client.is_connected:
            self._lost.clear()
        else:
            self._lost.set()

    def lose(self, client: object = None) -> None:
        """End every waiting step: the link is gone."""
        del client
        self._lost.set()
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(now)

    def can(self, what: Characteristic, flag: str) -> bool:
        """Tell whether the characteristic is there and has a flag such as `read`, `write` or `notify`."""
        try:
            found = self._bleak().services.get_characteristic(what.value)
        except bluetooth_errors():
            return False
        return found is not None and flag in found.properties

    async def read(self, what: Characteristic) -> bytes:
        """Return a whole value. Raises `FrameRejected` too_long for more than ATT allows."""
        self._require(what, "read")
        async with self.step(what):
            value = bytes(await self._bleak().read_gatt_char(what.value))
        if len(value) > VALUE_LIMIT:
            raise FrameRejected("too_long", detail=f"{_name(what)} has {len(value)} bytes, {VALUE_LIMIT} are legal")
        return value

    async def write(self, what: Characteristic, value: bytes) -> None:
        """Write a whole value and wait until the hotspot has it. Raises `FrameRejected` too_long."""
        self._require(what, "write")
        if len(value) > VALUE_LIMIT:
            raise FrameRejected("too_long", detail=f"{_name(what)} takes {VALUE_LIMIT} bytes, these are {len(value)}")
        async with self.step(what):
            await self._bleak().write_gatt_char(what.value, _Unshown(value), response=True)

    @asynccontextmanager
    async def notified(self, what: Characteristic) -> AsyncIterator["asyncio.Queue[bytes]"]:
        """Listen to a characteristic for the length of the body; a full queue drops what comes."""
        self._require(what, "notify")
        values: asyncio.Queue[bytes] = asyncio.Queue(maxsize=QUEUE_LIMIT)

        def heard(_: object, data: bytearray) -> None:
            if not values.full():
                values.put_nowait(bytes(data))

        async with self.step(what):
            await self._bleak().start_notify(what.value, heard)
        try:
            yield values
        finally:
            with suppress(BridgeError):  # what was heard counts, not whether the hotspot stops talking
                async with self.step(what):
                    await self._bleak().stop_notify(what.value)

    @asynccontextmanager
    async def step(self, what: Characteristic, *, limit_s: float | None = None) -> AsyncIterator[None]:
        """Limit one step and turn bleak's errors into ours."""
        from bleak.exc import BleakGATTProtocolError, BleakGATTProtocolErrorCode

        limit_s = GATT_TIMEOUT_S if limit_s is None else limit_s
        if self._lost.is_set():
            raise LinkLost(f"{_name(what)}: the hotspot is not connected any more")
        try:
            async with io_timeout(limit_s) as limit:
                self._limits.add(limit)
                try:
                    yield
                finally:
                    self._limits.discard(limit)
        except BleakGATTProtocolError as error:
            if error.code is BleakGATTProtocolErrorCode.UNLIKELY_ERROR and await self._goes_away():
                raise LinkLost(f"{_name(what)}: the hotspot went away") from error
            raise ModuleRefused(_name(what), str(error.args[-1])) from error
        except TimeoutError as error:
            if self._lost.is_set():
                raise LinkLost(f"{_name(what)}: the hotspot went away") from error
            raise DeviceTimeout(f"{_name(what)}: no answer within {limit_s:g} s") from error
        except bluetooth_errors() as error:
            if self._is_connected() and dbus_error_name(error) in _REFUSALS:
                raise ModuleRefused(_name(what), str(error)) from error
            raise LinkLost(f"{_name(what)}: {error or type(error).__name__}") from error

    def _bleak(self) -> "BleakClient":
        assert self._client is not None, "use() comes first"
        return self._client

    async def _goes_away(self) -> bool:
        """Tell whether the link is lost in a moment: BlueZ's answer to what was under way comes before the news."""
        with suppress(TimeoutError):
            async with io_timeout(NEWS_S):
                await self._lost.wait()
        return self._lost.is_set()

    def _is_connected(self) -> bool:
        return not self._lost.is_set() and self._bleak().is_connected

    def _require(self, what: Characteristic, flag: str) -> None:
        if not self._lost.is_set() and not self.can(what, flag):
            raise NotOffered(what, flag)


class _Unshown(bytes):
    """Bytes that no log shows: bleak writes every value into its debug log, Wi-Fi passwords too."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


def _name(what: Characteristic) -> str:
    return what.name.lower()
