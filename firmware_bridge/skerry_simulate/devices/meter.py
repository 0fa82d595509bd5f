"""A household that also feeds in, and its electricity meter with a P1 port."""

from datetime import UTC, datetime, timedelta

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.checksums import crc16_arc
from skerry_simulate.devices.firmware import Firmware

__all__ = ["Household", "P1Firmware", "kilo"]

HOUR_S = 3600
HOUR_NS = HOUR_S * NS_PER_S


class Household:
    """Draws `LOAD_W`, and from 7 to 17 h UTC feeds in solar power; counters are exact integrals and only grow."""

    LOAD_W = 420
    SOLAR_W = 2600
    SOLAR_HOURS = range(7, 17)

    def __init__(self, clock: Clock, *, imported_wh: int = 4_426_000, exported_wh: int = 2_444_000) -> None:
        self._clock = clock
        self._seen_ns = clock.wall_ns()
        self._imported = imported_wh * HOUR_NS  # in watt-nanoseconds, so that nothing is lost by rounding
        self._exported = exported_wh * HOUR_NS

    @property
    def power_w(self) -> int:
        """Return power from the grid; negative while it feeds in."""
        return self._power_at(self._clock.wall_ns())

    @property
    def energies_wh(self) -> tuple[int, int]:
        """Return imported and exported energy so far."""
        now_ns = self._clock.wall_ns()
        while self._seen_ns < now_ns:
            step_end = min(now_ns, (self._seen_ns // HOUR_NS + 1) * HOUR_NS)
            moved = self._power_at(self._seen_ns) * (step_end - self._seen_ns)
            self._imported += max(moved, 0)
            self._exported += max(-moved, 0)
            self._seen_ns = step_end
        return self._imported // HOUR_NS, self._exported // HOUR_NS

    def _power_at(self, wall_ns: int) -> int:
        return self.LOAD_W - (self.SOLAR_W if wall_ns // HOUR_NS % 24 in self.SOLAR_HOURS else 0)


class P1Firmware(Firmware):
    """Sends a telegram every second (version 5), or ten (4; 2 without checksum). `gas` = a gas meter is attached."""

    GAS_ID = "SKRYGAS000000001"

    def __init__(self, *, clock: Clock, version: int = 5, serial: str = "SKRY0000000001") -> None:
        self.period_s = 1.0 if version == 5 else 10.0
        self.gas = True
        self._clock = clock
        self._version = version
        self._serial = serial
        self._household = Household(clock)

    def receive(self, data: bytes) -> bytes:
        del data  # the port has no line into the meter
        return b""

    def tick(self) -> bytes:
        body = "\r\n".join(["/SKY5\\2EMULATED", "", *self._lines(), "!"]).encode("latin-1")
        check = f"{crc16_arc(body):04X}" if self._version >= 4 else ""
        return body + check.encode() + b"\r\n"

    def _lines(self) -> list[str]:
        imported, exported = self._household.energies_wh
        power_w = self._household.power_w
        digits = 3 if self._version >= 4 else 2  # of powers
        general = [
            f"1-3:0.2.8({self._version}0)",
            f"0-0:1.0.0({_local_time(self._clock.wall_s())})",
            f"0-0:96.1.1({self._serial.encode().hex().upper()})",
        ]
        energy = [
            f"1-0:1.8.1({kilo(imported, 6)}*kWh)",
            "1-0:1.8.2(000000.000*kWh)",
            f"1-0:2.8.1({kilo(exported, 6)}*kWh)",
            "1-0:2.8.2(000000.000*kWh)",
            "0-0:96.14.0(0001)",
            f"1-0:1.7.0({max(power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
            f"1-0:2.7.0({max(-power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
        ]
        amperes = round(abs(power_w) / 230.1)
        phase = ["1-0:32.7.0(0230.1*V)", f"1-0:31.7.0({amperes:03d}*A)"] if self._version == 5 else []
        return [*(general if self._version >= 4 else general[2:]), *energy, *phase, *(self._gas() if self.gas else ())]

    def _gas(self) -> list[str]:
        """Return the gas meter's lines; version 2 prints the value on a line of its own, and no time's letter."""
        hour = _local_time(self._clock.wall_s() // HOUR_S * HOUR_S)
        identity = self.GAS_ID.encode().hex().upper()
        if self._version >= 4:
            return ["0-1:24.1.0(003)", f"0-1:96.1.0({identity})", f"0-1:24.2.1({hour})(00012.345*m3)"]
        older = f"0-1:24.3.0({hour[:-1]})(00)(60)(1)(0-1:24.2.1)(m3)"
        return ["0-1:24.1.0(3)", f"0-1:96.1.0({identity})", older, "(00012.345)"]


def _local_time(wall_s: int) -> str:
    """Return Dutch local time as a meter prints it; summer lasts from the last Sunday of March to that of October."""
    now = datetime.fromtimestamp(wall_s, UTC)
    start, end = (_last_sunday(now.year, month).replace(hour=1) for month in (3, 10))
    offset_h, letter = (2, "S") if start <= now < end else (1, "W")
    return f"{now + timedelta(hours=offset_h):%y%m%d%H%M%S}{letter}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def kilo(value: int, digits: int) -> str:
    """Return thousandths as a meter prints them, with so many digits before the point."""
    return f"{value // 1000:0{digits}d}.{value % 1000:03d}"
