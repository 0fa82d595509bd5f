"""A P1 meter as a device: its pace, its first telegram, bad lines, old versions on a line with parity, gas."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.device import DeviceConfig, Session
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import LineFaults
from skerry_simulate.devices.meter import P1Firmware
from skerry_testing.simulated import Bench, simulated

Result = TypeVar("Result")


class SevenBits(P1Firmware):
    """An old meter: even parity in the top bit, which a port set to eight bits hands on."""

    def tick(self) -> bytes:
        return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in super().tick())


def _with_meter(
    work: Callable[[SimulatedClock, Session, Bench], Coroutine[Any, Any, Result]],
    *,
    kind: str = "p1",
    version: int = 5,
    make: type[P1Firmware] = P1Firmware,
) -> Result:
    async def main(clock: SimulatedClock) -> Result:
        bench = Bench(lambda *_: make(clock=clock, version=version), clock=clock, faults=LineFaults())
        config = DeviceConfig(device_id="p", kind=kind, url="memory:p")
        async with DRIVERS[kind].open(config, bench.around) as session:
            return await work(clock, session, bench)

    return simulated(main)


@pytest.mark.parametrize(("version", "kind", "period_s"), [(2, "p1-v2", 10), (4, "p1", 10), (5, "p1", 1)])
def test_the_first_telegram_is_a_reading_too(version: int, kind: str, period_s: int) -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        began_ns = clock.monotonic_ns()
        values = await session.identify() | await session.read()
        assert (clock.monotonic_ns() - began_ns) == period_s * NS_PER_S
        assert (values["imported_wh"], values["exported_wh"]) == (4_426_000, 2_444_000 + 2180 * period_s // 3600)
        assert values["quality"] == ("unchecked" if version == 2 else "checked")
        await session.read()
        assert (clock.monotonic_ns() - began_ns) == 2 * period_s * NS_PER_S

    _with_meter(work, kind=kind, version=version)


@pytest.mark.parametrize(("version", "kind"), [(2, "p1-v2"), (4, "p1"), (5, "p1")])
def test_gas_is_told_with_its_meter_type_and_time(version: int, kind: str) -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        values = await session.identify() | await session.read()
        assert (values["mbus1_value"], values["mbus1_unit"], values["mbus1_type"]) == (12.345, "m3", 3)
        assert values["mbus1_id"] == P1Firmware.GAS_ID
        hour = clock.wall_s() // 3600 * 3600
        assert values["mbus1_time_s"] == (None if version == 2 else hour)  # version 2 tells no zone

    _with_meter(work, kind=kind, version=version)


def test_tariffs_and_phases_are_told() -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        values = await session.identify() | await session.read()
        assert (values["imported_t1_wh"], values["imported_t2_wh"], values["tariff"]) == (4_426_000, 0, "0001")
        assert (values["l1_voltage_v"], values["l2_voltage_v"]) == (230.1, None)
        assert (values["l1_current_a"], values["l1_power_w"]) == (9.0, None)

    _with_meter(work)


def test_the_parity_of_old_meters_is_taken_off() -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        assert (await session.identify())["serial"] == "SKRY0000000001"

    _with_meter(work, kind="p1-v2", version=2, make=SevenBits)


@pytest.mark.parametrize(("version", "silence_s"), [(5, 5), (4, 35)])
def test_silence_is_noticed_at_the_meters_own_pace(version: int, silence_s: int) -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        await session.identify()
        for _ in range(3):
            await session.read()
        bench.links[-1].stage.faults = LineFaults(stuck=True)
        began_ns = clock.monotonic_ns()
        with pytest.raises(DeviceTimeout, match=f"within {silence_s} s"):
            await session.read()
        assert clock.monotonic_ns() - began_ns == silence_s * NS_PER_S

    _with_meter(work, version=version)


def test_ten_bad_telegrams_in_a_row_are_an_alarm_and_nine_are_not() -> None:
    class Worn(P1Firmware):
        bad = 9

        def tick(self) -> bytes:
            self.bad -= 1
            whole = super().tick()
            return whole if self.bad < 0 else whole.replace(b"230.1", b"231.1")

    class Worse(Worn):
        bad = 10

    async def nine(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        await session.identify()
        assert (await session.read())["bad_telegrams"] == 9

    async def ten(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        with pytest.raises(FrameRejected, match="10 telegrams in a row") as raised:
            await session.identify()
        assert raised.value.reason == "bad_telegrams"

    _with_meter(nine, make=Worn)
    _with_meter(ten, make=Worse)


def test_a_line_that_loses_bytes_never_changes_a_value() -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        bench.links[-1].stage.faults = LineFaults(byte_loss=0.001)
        await session.identify()
        counters = {(await session.read())["exported_t2_wh"] for _ in range(20)}
        assert counters == {0}

    _with_meter(work)


def test_a_telegram_that_lost_its_checksum_on_the_way_is_a_bad_one() -> None:
    class Cut(P1Firmware):
        """Every other telegram has lost its checksum, and a digit besides."""

        count = 0

        def tick(self) -> bytes:
            self.count += 1
            whole = super().tick()
            return whole if self.count % 2 == 0 else whole[:-6].replace(b"0230.1", b"023.1") + b"\r\n"

    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        await session.identify()
        readings = [await session.read() for _ in range(4)]
        assert {reading["l1_voltage_v"] for reading in readings} == {230.1}
        assert {reading["quality"] for reading in readings} == {"checked"}
        assert readings[-1]["bad_telegrams"] == 4

    _with_meter(work, make=Cut)


def _country(country: str) -> type[P1Firmware]:
    class Abroad(P1Firmware):
        def __init__(self, *, clock: Clock, version: int = 5) -> None:
            super().__init__(clock=clock, version=version, country=country)

    return Abroad


@pytest.mark.parametrize(
    ("country", "meter_id", "version"),
    [("be", "SKRY0000000001", "50217"), ("lu", "SKRY0000000001", "42"), ("se", None, None)],
)
def test_meters_of_other_countries_tell_counters_power_and_their_number_where_they_have_one(
    country: str, meter_id: str | None, version: str | None
) -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        values = await session.identify() | await session.read()
        assert (values["meter_id"], values["serial"], values["p1_version"]) == (meter_id, meter_id, version)
        assert values["imported_wh"] == 4_426_000
        assert 2_444_000 <= int(values["exported_wh"] or 0) < 2_444_010
        assert (values["power_w"], values["quality"]) == (-2180, "checked")

    _with_meter(work, make=_country(country))


def test_two_meters_behind_the_meter_are_told_apart() -> None:
    async def work(clock: SimulatedClock, session: Session, bench: Bench) -> None:
        values = await session.identify() | await session.read()
        told = [(values[f"mbus{n}_type"], values[f"mbus{n}_id"], values[f"mbus{n}_value"]) for n in (1, 2)]
        assert told == [(3, P1Firmware.GAS_ID, 12.345), (7, P1Firmware.WATER_ID, 872.234)]

    _with_meter(work, make=_country("be"))
