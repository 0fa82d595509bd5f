"""A household that also feeds in, and its electricity meter with a P1 port."""

from datetime import UTC, datetime, timedelta

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.checksums import crc16_arc
from skerry_simulate.devices.firmware import Firmware

__all__ = ["EncryptedP1Firmware", "Household", "P1Firmware", "kilo"]

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
    """Sends a telegram every second (version 5), or ten (4; 2 without checksum). `gas` = a gas meter is attached.

    `country`: nl prints two tariffs, be a quarter-hour peak and water besides, lu totals and its own object for the
    meter's number, se totals and no number at all.
    """

    GAS_ID, WATER_ID = "SKRYGAS000000001", "SKRYWTR000000002"

    def __init__(self, *, clock: Clock, version: int = 5, serial: str = "SKRY0000000001", country: str = "nl") -> None:
        self.period_s = 1.0 if version == 5 and country != "se" else 10.0
        self.gas = country in ("nl", "be")
        self._clock = clock
        self._version = version
        self._serial = serial
        self._country = country
        self._household = Household(clock)

    def receive(self, data: bytes) -> bytes:
        del data  # the port has no line into the meter
        return b""

    def tick(self) -> bytes:
        body = "\r\n".join(["/SKY5\\2EMULATED", "", *self._lines(), "!"]).encode("latin-1")
        check = f"{crc16_arc(body):04X}" if self._version >= 4 else ""
        return body + check.encode() + b"\r\n"

    def _lines(self) -> list[str]:
        return [*self._general(), *self._energy(), *self._power(), *(self._gas() if self.gas else ()), *self._water()]

    def _general(self) -> list[str]:
        identity = self._serial.encode().hex().upper()
        if self._version < 4:
            return [f"0-0:96.1.1({identity})"]
        time = f"0-0:1.0.0({_local_time(self._clock.wall_s())})"
        match self._country:
            case "be":
                return ["0-0:96.1.4(50217)", f"0-0:96.1.1({identity})", time]
            case "lu":
                return ["1-3:0.2.8(42)", time, f"0-0:42.0.0({identity})"]
            case "se":
                return [time]
        return [f"1-3:0.2.8({self._version}0)", time, f"0-0:96.1.1({identity})"]

    def _energy(self) -> list[str]:
        imported, exported = (kilo(energy_wh, 6) for energy_wh in self._household.energies_wh)
        if self._country in ("lu", "se"):
            return [f"1-0:1.8.0({imported}*kWh)", f"1-0:2.8.0({exported}*kWh)", "1-0:3.8.0(000005.123*kvarh)"]
        return [
            f"1-0:1.8.1({imported}*kWh)",
            "1-0:1.8.2(000000.000*kWh)",
            f"1-0:2.8.1({exported}*kWh)",
            "1-0:2.8.2(000000.000*kWh)",
            "0-0:96.14.0(0001)",
        ]

    def _power(self) -> list[str]:
        power_w = self._household.power_w
        digits = 3 if self._version >= 4 else 2
        lines = [
            f"1-0:1.7.0({max(power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
            f"1-0:2.7.0({max(-power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
        ]
        if self._country == "be":
            lines += ["1-0:1.4.0(02.351*kW)", "1-0:1.6.0(260911124500S)(04.329*kW)"]
            lines.append("0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(260901000000S)(260825181500S)(04.118*kW)")
        amperes = round(abs(power_w) / 230.1)
        phase = ["1-0:32.7.0(0230.1*V)", f"1-0:31.7.0({amperes:03d}*A)"] if self._version == 5 else []
        return lines + phase

    def _gas(self) -> list[str]:
        """Return the gas meter's lines; version 2 prints the value on a line of its own, and no time's letter."""
        hour = _local_time(self._clock.wall_s() // HOUR_S * HOUR_S)
        identity = self.GAS_ID.encode().hex().upper()
        if self._country == "be":
            return ["0-1:24.1.0(003)", f"0-1:96.1.1({identity})", f"0-1:24.2.3({hour})(00012.345*m3)"]
        if self._version >= 4:
            return ["0-1:24.1.0(003)", f"0-1:96.1.0({identity})", f"0-1:24.2.1({hour})(00012.345*m3)"]
        older = f"0-1:24.3.0({hour[:-1]})(00)(60)(1)(0-1:24.2.1)(m3)"
        return ["0-1:24.1.0(3)", f"0-1:96.1.0({identity})", older, "(00012.345)"]

    def _water(self) -> list[str]:
        if self._country != "be":
            return []
        hour = _local_time(self._clock.wall_s() // HOUR_S * HOUR_S)
        identity = self.WATER_ID.encode().hex().upper()
        return ["0-2:24.1.0(007)", f"0-2:96.1.1({identity})", f"0-2:24.2.1({hour})(00872.234*m3)"]


class EncryptedP1Firmware(Firmware):
    """A meter of Luxembourg: its telegrams come encrypted (AES-128-GCM in a DLMS frame), every ten seconds."""

    KEY = bytes(range(16))
    COMMON_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")  # the same in all meters there, and no secret
    TITLE = b"SKY\x67\x00\x00\x00\x01"
    SECURITY = b"\x30"  # encrypted and authenticated
    CHECK_BYTES = 12
    period_s = 10.0

    def __init__(self, *, clock: Clock) -> None:
        self._inner = P1Firmware(clock=clock, country="lu")
        self._count = 0

    def receive(self, data: bytes) -> bytes:
        return self._inner.receive(data)

    def tick(self) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._count += 1
        counter = self._count.to_bytes(4, "big")
        sealed = AESGCM(self.KEY).encrypt(self.TITLE + counter, self._inner.tick(), self.SECURITY + self.COMMON_KEY)
        body = self.SECURITY + counter + sealed[: self.CHECK_BYTES - 16]
        return b"\xdb\x08" + self.TITLE + b"\x82" + len(body).to_bytes(2, "big") + body


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
