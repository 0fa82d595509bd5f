"""Every driver reads its emulator over four lines: plain, one byte at a time, with 20 % loss, delayed."""

import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.device import DeviceConfig, Values
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import BridgeError
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import LineFaults
from skerry_simulate.devices.registry import EMULATORS
from skerry_testing.simulated import LINES, Bench, simulated

EXPECTED: dict[str, Values] = {
    "corecell-usb": {"firmware": "V01.00.00", "eui": "0016c001f0000001", "chip_version": "1.0", "temperature_c": 23.45},
    "generic-lte": {"maker": "Example", "registration": "roaming", "rssi_dbm": -79, "sim": "ready"},
    "optical-meter": {"serial": "12345678", "maker": "SKY", "imported_wh": 4_426_000, "exported_wh": 2_444_000},
    "p1-v2": {"meter_id": "SKRY0000000001", "model": "SKY5\\2EMULATED", "quality": "unchecked"},
    "p1-v5": {"meter_id": "SKRY0000000001", "p1_version": "50", "quality": "checked", "l1_voltage_v": 230.1},
    "picocell": {"model": "picoGW", "chip_version": 103, "serial": b"86516061".hex()},
    "quectel-ec25": {"model": "EC25", "mode": "lte", "lte_band": 3, "mcc": "001", "nr_rsrp_dbm": None},
    "quectel-rm520n": {
        "model": "RM520N-GL",
        "mode": "sa",
        "nr_band": 78,
        "nr_cell_id": 0x12AA54086,
        "rssi_dbm": None,
        "lte_rsrp_dbm": None,
        "registration": "home",
        "operator": "00101",
        "temperature_c": 47,
        "carrier_bands": "n78",
        "bandwidth_mhz": 100.0,
    },
}


MOST_MEANWHILE_WH = 1000


def _read(name: str, faults: LineFaults, *, sessions: int) -> tuple[Values, SimulatedClock]:
    """Return the first reading; a driver may need several sessions on a bad line, as its supervisor gives it."""

    async def main(clock: SimulatedClock) -> Values:
        emulator = EMULATORS[name]
        bench = Bench(emulator.make, clock=clock, faults=faults)
        config = DeviceConfig(device_id="d", kind=emulator.kind, url="memory:d")
        for attempt in range(1, sessions + 1):
            try:
                async with DRIVERS[emulator.kind].open(config, bench.around) as session:
                    return await session.identify() | await session.read()
            except BridgeError:
                if attempt == sessions:
                    raise
        raise AssertionError

    clocks: list[SimulatedClock] = []

    async def remember(clock: SimulatedClock) -> Values:
        clocks.append(clock)
        return await main(clock)

    return simulated(remember), clocks[0]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_driver_reads_its_device(name: str, line: str) -> None:
    values, clock = _read(name, LINES[line], sessions=20 if "loss" in line else 1)
    assert clock.monotonic_ns() < 900 * NS_PER_S
    for key, expected in EXPECTED[name].items():
        if key.endswith("_wh"):  # a counter that runs while the line makes the driver ask again
            assert 0 <= int(values[key] or 0) - int(expected or 0) < MOST_MEANWHILE_WH, key
        else:
            assert values[key] == expected, key


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_stuck_device_is_a_named_timeout(name: str) -> None:
    with pytest.raises(BridgeError, match="within"):
        _read(name, LineFaults(stuck=True), sessions=1)


@pytest.mark.parametrize(
    "faults", [LineFaults(junk=0.3), LineFaults(torn=0.3), LineFaults(corrupt=0.2), LineFaults(flood=3)]
)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_disturbed_line_gives_readings_or_our_own_errors(name: str, faults: LineFaults) -> None:
    try:
        values, _ = _read(name, faults, sessions=5)
    except BridgeError:
        return
    assert set(EXPECTED[name]) <= set(values)


# the concentrators' protocols have no checksum, so a wrong byte inside a payload cannot be seen there
@pytest.mark.parametrize("name", ["optical-meter", "p1-v5"])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_corrupting_line_never_changes_what_a_checked_protocol_says(name: str, share: float) -> None:
    values, _ = _read(name, LineFaults(corrupt=share), sessions=20)
    assert values["meter_id"] == {"optical-meter": "12345678", "p1-v5": "SKRY0000000001"}[name]
    assert values["imported_wh"] == 4_426_000
    assert isinstance(values["exported_wh"], int)
    assert 2_444_000 <= values["exported_wh"] < 2_446_000
