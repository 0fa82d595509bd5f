"""A meter behind an optical head, or one of several on a line: what it says about energy, and that it is the same one.

`drivers` opens it; `meter.iec62056_dialogue` asks the meter.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected, LinkRefused
from skerry_firmware_bridge.meter.energy import EnergyReading, to_int
from skerry_firmware_bridge.meter.iec62056 import BAUDS, DataSet
from skerry_firmware_bridge.meter.iec62056_dialogue import Dialogue
from skerry_firmware_bridge.meter.lines import MeterLine

__all__ = ["Iec62056Session", "open_iec62056"]

POLL_S = 60.0
# what a readout calls the counters and the meter's number, without medium and channel
IMPORTED, EXPORTED = "1.8", "2.8"
METER_ID = ("0.0.0", "96.1.0", "C.1.0")
POWER = ("16.7.0", "1.7.0")
TARIFFS = range(1, 10)
TO_BASE = {"kwh": 1000, "wh": 1, "mwh": 1_000_000, "kw": 1000, "w": 1}
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,20}(?:\.[0-9]{0,12})?\s*", re.ASCII)
# electricity (1) and general (0) of the first channels; a number behind the asterisk is one of the past, but for 255
_ADDRESS = re.compile(r"(?:[01]-[01]:)?([0-9A-F]{1,2}\.[0-9]{1,2}\.[0-9]{1,3})(?:\*255)?")


@asynccontextmanager
async def open_iec62056(config: DeviceConfig, around: Surroundings) -> AsyncIterator["Iec62056Session"]:
    """Take a place on the line. Raises `BridgeError`."""
    options = config.options
    address = str(options.get("address", ""))
    password = await _password(str(options.get("password_file", "")), around.clock)
    lines = around.meter_lines
    async with lines.use(config.url, address=address, open_link=around.open_link, clock=around.clock) as line:
        numbers = _Numbers(line, address)
        dialogue = Dialogue(
            line,
            clock=around.clock,
            accept=numbers.accept,
            address=address,
            wake=bool(options.get("wake")),
            baud=int(options.get("baud", BAUDS[0])),
            registers=tuple(filter(None, str(options.get("registers", "")).split(","))),
            password=password,
        )
        yield Iec62056Session(line, dialogue, interval_s=float(options.get("poll_s", POLL_S)))


class Iec62056Session(Session):
    """One meter; each reading is a whole dialogue."""

    def __init__(self, line: MeterLine, dialogue: Dialogue, *, interval_s: float = POLL_S) -> None:
        self._line = line
        self._dialogue = dialogue
        self.interval_s = interval_s
        self._readout: tuple[DataSet, ...] | None = None

    async def identify(self) -> Values:
        identification, self._readout = await self._dialogue.run()
        return {"maker": identification.maker, "model": identification.ident, "serial": _number(self._readout)}

    async def read(self) -> Values:
        data, self._readout = self._readout, None
        if data is None:
            _, data = await self._dialogue.run()
        registers = _registers(data)
        power = next((registers[name] for name in POWER if name in registers), None)
        reading = EnergyReading(
            meter_id=_number(data),
            time_s=None,
            imported_wh=_counter(registers, IMPORTED),
            exported_wh=_counter(registers, EXPORTED),
            power_w=_base_units(power),
            quality="checked",
        )
        return reading.values()

    async def watch(self) -> None:
        await self._line.watch()


class _Numbers:
    """Knows by its number whether a readout is this meter's."""

    def __init__(self, line: MeterLine, address: str) -> None:
        self._line = line
        self._address = address
        self._known: str | None = None

    def accept(self, data: tuple[DataSet, ...]) -> None:
        """Raise `FrameRejected` another_meter for the readout of another meter than the one that was read before."""
        number = _number(data)
        if number is None:
            return
        try:
            if self._known not in (None, number):
                raise FrameRejected("another_meter", detail=f"meter {number} answered in place of {self._known}")
            self._line.claim(self._address, number)
        except FrameRejected as error:
            raise error.advising(
                "It is asked anew; if it stays so, give every meter on the line its own address, and see that no two "
                "meters have the same."
            ) from None
        self._known = number


async def _password(path: str, clock: Clock) -> str | None:
    """Read the password from its file, so that it stands in no setting. Raises `LinkRefused`."""
    if not path:
        return None
    try:
        with clock.hold(f"read {path}"):
            return (await asyncio.to_thread(Path(path).read_text, encoding="latin-1")).strip()
    except OSError as error:
        raise LinkRefused(
            "E_METER_PASSWORD", f"Cannot read {path}: {error.strerror}.", remedy="Check password_file."
        ) from None


def _registers(data: tuple[DataSet, ...]) -> dict[str, DataSet]:
    """Return the present registers by their short names; of two with one name the first."""
    found: dict[str, DataSet] = {}
    for entry in data:
        if match := _ADDRESS.fullmatch(entry.address or ""):
            found.setdefault(match[1], entry)
    return found


def _number(data: tuple[DataSet, ...]) -> str | None:
    registers = _registers(data)
    return next((registers[name].value for name in METER_ID if name in registers), None)


def _counter(registers: dict[str, DataSet], name: str) -> int | None:
    """Return the total, else the sum of the tariffs, of which none may be unreadable."""
    if f"{name}.0" in registers:
        return _base_units(registers[f"{name}.0"])
    tariffs = [_base_units(registers[key]) for key in (f"{name}.{one}" for one in TARIFFS) if key in registers]
    known = [value for value in tariffs if value is not None]
    return sum(known) if known and len(known) == len(tariffs) else None


def _base_units(entry: DataSet | None) -> int | None:
    if entry is None or entry.value is None or entry.unit is None:
        return None
    factor = TO_BASE.get(entry.unit.lower())
    if factor is None or not _NUMBER.fullmatch(entry.value):  # an exponent could make a number without end
        return None
    return to_int(Decimal(entry.value), factor)
