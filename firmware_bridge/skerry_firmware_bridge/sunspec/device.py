"""A SunSpec inverter, meter or battery as a device."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus.bus import LINE
from skerry_firmware_bridge.sunspec.energy import ENERGY_MODELS, common_values, energy_values
from skerry_firmware_bridge.sunspec.reader import SunSpecReader

__all__ = ["SunSpecSession", "open_sunspec"]

POLL_S = 5.0
COMMON_ONLY = frozenset({1})


@asynccontextmanager
async def open_sunspec(config: DeviceConfig, around: Surroundings) -> AsyncIterator["SunSpecSession"]:
    """Connect to a Modbus URL. Options: `unit` (1), `baud` (9600), `parity` (N), `poll_s` (5). Raises `BridgeError`."""
    options = config.options
    baud, parity = int(options.get("baud", LINE.baudrate)), str(options.get("parity", LINE.parity))
    line = SerialSettings(baudrate=baud, parity=parity)
    unit = int(options.get("unit", 1))
    async with around.buses.use(config.url, unit=unit, line=line, clock=around.clock) as bus:
        yield SunSpecSession(SunSpecReader(bus), interval_s=float(options.get("poll_s", POLL_S)))


class SunSpecSession(Session):
    """One device's models."""

    def __init__(self, reader: SunSpecReader, *, interval_s: float = POLL_S) -> None:
        self._reader = reader
        self.interval_s = interval_s
        self._identity: Values = {}

    async def identify(self) -> Values:
        found = await self._reader.scan()
        self._identity = common_values(await self._reader.models(only=COMMON_ONLY))
        models = ",".join(str(model.id) for model in found.models)
        return self._identity | {"sunspec_base": found.base, "sunspec_models": models}

    async def watch(self) -> None:
        await self._reader.bus.watch()

    async def keep_alive(self) -> None:
        await self._reader.look()

    async def read(self) -> Values:
        models = await self._reader.models(only=ENERGY_MODELS | COMMON_ONLY)
        self._check_serial(common_values(models)["serial"])
        refused = ",".join(str(model.id) for model in models if model.points == {}) or None
        return energy_values(models) | {
            "meter_id": self._identity.get("serial"),
            "quality": "partial" if refused else "checked",  # both transports carry checksums
            "refused_models": refused,
        }

    def _check_serial(self, serial: int | float | str | None) -> None:
        """Raise `FrameRejected` another_device when the counters are no longer those of the device that was found."""
        known = self._identity.get("serial")
        if None not in (serial, known) and serial != known:
            detail = f"serial number {serial} answers in place of {known}"
            raise FrameRejected("another_device", detail=detail).advising("It is looked through anew.")
