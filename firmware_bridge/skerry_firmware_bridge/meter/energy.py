"""One electricity reading in the units that evidence is made of, whole watt-hours and watts; all meters end here."""

from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.meter.p1_values import P1Reading

__all__ = ["EnergyReading", "from_p1", "to_int"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyReading:
    """Cumulative counters and power now. `power_w` is taken from the grid (negative: given to it).

    `quality`: `checked` = the frame had a checksum, `unchecked` = the protocol has none.
    `time_s` is the meter's own clock, None where it has none.
    """

    meter_id: str | None
    time_s: int | None
    imported_wh: int | None
    exported_wh: int | None
    power_w: int | None
    quality: str

    def values(self) -> Values:
        """Return the reading as a status report's values."""
        return {"meter_time_s" if name == "time_s" else name: value for name, value in asdict(self).items()}


def from_p1(reading: P1Reading, *, checked: bool) -> EnergyReading:
    """Reduce a P1 telegram to counters and power."""
    imported, exported = _total(reading.import_kwh), _total(reading.export_kwh)
    power = None
    if reading.import_kw is not None:
        power = reading.import_kw - (reading.export_kw or 0)
    return EnergyReading(
        meter_id=reading.meter_id,
        time_s=reading.time_s,
        imported_wh=to_int(imported, 1000),
        exported_wh=to_int(exported, 1000),
        power_w=to_int(power, 1000),
        quality="checked" if checked else "unchecked",
    )


def to_int(value: Decimal | float | None, factor: int = 1) -> int | None:
    """Return value x factor rounded half to even."""
    if value is None:
        return None
    return int((Decimal(value) * factor).to_integral_value(rounding=ROUND_HALF_EVEN))


def _total(registers: tuple[Decimal | None, Decimal | None, Decimal | None]) -> Decimal | None:
    """Return the printed total, else the sum of the tariffs (Dutch and Belgian meters print only those)."""
    total, *tariffs = registers
    known = [value for value in tariffs if value is not None]
    return total if total is not None else sum(known, Decimal(0)) if known else None
