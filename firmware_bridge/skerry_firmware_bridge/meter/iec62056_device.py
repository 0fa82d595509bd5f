"""A meter behind an optical head as a device: what its readout, or its single registers, say about energy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path

from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.exchange import Exchange
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.energy import EnergyReading, to_int
from skerry_firmware_bridge.meter.iec62056 import BAUDS, DataSet
from skerry_firmware_bridge.meter.iec62056_dialogue import Dialogue, EvenParityLink, changeable

__all__ = ["LINE", "Iec62056Session", "open_iec62056"]

# 7E1 on the wire, made in software out of 8N1: the bits are the same, and every port and network server can do it.
# Optical heads take their power from DTR, which the system raises when the port is opened.
LINE = SerialSettings(baudrate=BAUDS[0])
POLL_S = 60.0
# what a readout calls the counters: with and without medium and channel
IMPORTED = ("1.8.0", "1-0:1.8.0", "1-1:1.8.0", "1-0:1.8.0*255")
EXPORTED = ("2.8.0", "1-0:2.8.0", "1-1:2.8.0", "1-0:2.8.0*255")
METER_ID = ("0.0.0", "0-0:96.1.0", "0-0:96.1.0*255", "1-0:0.0.0", "1-0:0.0.0*255", "C.1.0")
POWER = ("16.7.0", "1-0:16.7.0", "1.7.0", "1-0:1.7.0")
TO_BASE = {"kwh": 1000, "wh": 1, "mwh": 1_000_000, "kw": 1000, "w": 1}


@asynccontextmanager
async def open_iec62056(config: DeviceConfig, around: Surroundings) -> AsyncIterator["Iec62056Session"]:
    """Open the port at 300 baud. Raises `BridgeError`."""
    options = config.options
    password = await asyncio.to_thread(_password, str(options.get("password_file", "")))
    link = await around.open_link(config.url, LINE)
    try:
        dialogue = Dialogue(
            Exchange(EvenParityLink(link), clock=around.clock, name="optical head"),
            clock=around.clock,
            speed=await changeable(link),
            address=str(options.get("address", "")),
            wake=bool(options.get("wake")),
            registers=tuple(filter(None, str(options.get("registers", "")).split(","))),
            password=password,
        )
        yield Iec62056Session(dialogue, interval_s=float(options.get("poll_s", POLL_S)))
    finally:
        await link.close()


class Iec62056Session(Session):
    """One meter; each reading is a whole dialogue."""

    def __init__(self, dialogue: Dialogue, *, interval_s: float = POLL_S) -> None:
        self._dialogue = dialogue
        self.interval_s = interval_s
        self._readout: tuple[DataSet, ...] | None = None

    async def identify(self) -> Values:
        identification, data = await self._dialogue.run()
        self._readout = data
        return {"maker": identification.maker, "model": identification.ident, "serial": _text(data, METER_ID)}

    async def read(self) -> Values:
        data, self._readout = self._readout, None
        if data is None:
            _, data = await self._dialogue.run()
        reading = EnergyReading(
            meter_id=_text(data, METER_ID),
            time_s=None,
            imported_wh=_base_units(data, IMPORTED),
            exported_wh=_base_units(data, EXPORTED),
            power_w=_base_units(data, POWER),
            quality="checked",
        )
        return reading.values()

    async def watch(self) -> None:
        await self._dialogue.exchange.watch()


def _password(path: str) -> str | None:
    """Read the password from its file, so that it stands in no setting. Raises `LinkRefused`."""
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="latin-1").strip()
    except OSError as error:
        raise LinkRefused(
            "E_METER_PASSWORD", f"Cannot read {path}: {error.strerror}.", remedy="Check password_file."
        ) from None


def _find(data: tuple[DataSet, ...], names: tuple[str, ...]) -> DataSet | None:
    return next((entry for name in names for entry in data if entry.address == name), None)


def _text(data: tuple[DataSet, ...], names: tuple[str, ...]) -> str | None:
    entry = _find(data, names)
    return None if entry is None else entry.value


def _base_units(data: tuple[DataSet, ...], names: tuple[str, ...]) -> int | None:
    entry = _find(data, names)
    if entry is None or entry.value is None or entry.unit is None:
        return None
    factor = TO_BASE.get(entry.unit.lower())
    try:
        value = Decimal(entry.value)
    except InvalidOperation:
        return None
    return to_int(value, factor) if factor is not None and value.is_finite() else None
