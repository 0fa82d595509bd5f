"""How devices are told to people: names, units, the line that matters."""

from datetime import UTC, datetime, timedelta

import pytest

from skerry_client.readings import NO_RADIOS, has_region, last_heard, says, short_name, span, told, untold
from skerry_firmware_bridge.drivers import DRIVERS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_kinds_without_a_region_are_those_that_the_settings_attach() -> None:
    assert set(DRIVERS) == NO_RADIOS
    assert [has_region(kind) for kind in ("gwmp", "wio-e5", "p1", "unheard-of")] == [True, True, False, True]


@pytest.mark.parametrize(
    ("device_id", "name", "short"),
    [
        ("modem:/dev/serial/by-id/usb-Q-if02", "/dev/serial/by-id/usb-Q-if02", "usb-Q-if02"),
        ("gwmp:aa555a0000000001", "aa555a0000000001", "aa555a0000000001"),
        ("sunspec:modbus-tcp://127.0.0.1:502?unit=2&poll_s=3", "modbus-tcp://127.0.0.1:502?unit=2&poll_s=3",
         "127.0.0.1:502 unit=2"),
        ("modem:/dev/x", "cellar", "cellar"),
    ],
)  # fmt: skip
def test_a_short_name_is_the_owners_or_the_end_of_the_place(device_id: str, name: str, short: str) -> None:
    assert short_name(device_id, name) == short


@pytest.mark.parametrize(
    ("name", "value", "label", "text"),
    [
        ("imported_t1_wh", 4_426_003, "Imported T1", "4,426.003 kWh"),
        ("power_w", -900, "Power", "-900 W"),
        ("l1_voltage_v", 230.1, "L1 voltage", "230.1 V"),
        ("voltage_mv", 230_100, "Voltage", "230.1 V"),
        ("frequency_millihz", 50_010, "Frequency", "50.010 Hz"),
        ("temperature_c", 47, "Temperature", "47 \u00b0C"),
        ("nr_rsrp_dbm", -87, "NR RSRP", "-87 dBm"),
        ("charge_pct", 64.0, "Charge", "64.0 %"),
        ("last_cell_age_s", 600, "Last cell age", "10 min"),
        ("uptime_ms", 7_200_000, "Uptime", "2 h"),
        ("meter_time_s", 0, "Meter time", "1970-01-01 00:00:00 UTC"),
        ("meter_time_s", 10**30, "Meter time", str(10**30)),
        ("imei", "001010019628112", "IMEI", "001010019628112"),
        ("cell_id", 5_010_440_326, "Cell ID", "5010440326"),
        ("nr_band_inferred", 0, "NR band inferred", "0"),
        ("c", 3, "C", "3"),
    ],
)
def test_a_reading_has_its_unit(name: str, value: object, label: str, text: str) -> None:
    assert told({name: value}) == [(label, text)]


def test_what_a_device_does_not_say_is_named_and_has_no_reading() -> None:
    values = {"power_w": 1, "lte_rsrp_dbm": None}
    assert told(values) == [("Power", "1 W")]
    assert untold(values) == ["LTE RSRP"]


METER = {"power_w": 420, "imported_wh": 4_426_085, "exported_wh": 0, "meter_id": "M1", "model": "ISK5"}
MODEM = {
    "maker": "Quectel", "model": "RM520N-GL", "registration": "home", "operator": "Example",
    "access_technology": "nr_5gc", "carrier_bands": "n78", "signal_dbm": -87,
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason", "values", "line"),
    [
        ("up", "Answers.", METER, "420 W, imported 4,426.1 kWh"),
        ("down", "Gone.", METER, "Gone."),
        ("up", "Answers.", MODEM, "Quectel RM520N-GL, Example, 5G n78, -87 dBm"),
        ("up", "Answers.", MODEM | {"registration": "roaming"}, "Quectel RM520N-GL, Example, roaming, 5G n78, -87 dBm"),
        ("up", "Answers.", MODEM | {"registration": "denied"}, "Quectel RM520N-GL, no network: denied"),
        ("up", "Answers.", MODEM | {"registration": None}, "Quectel RM520N-GL"),
        ("up", "Is slow.", METER, "420 W, imported 4,426.1 kWh. Is slow."),
        ("up", "A wio-e5 is listening.", {}, "A wio-e5 is listening."),
        ("up", "Answers.", {"maker": "SMA", "model": "SMA 5.0", "charge_pct": 64.0}, "SMA 5.0, 64.0 % charged"),
    ],
)
def test_one_line_says_what_matters(state: str, reason: str, values: dict[str, object], line: str) -> None:
    assert says(state, reason, values) == line


def test_the_age_is_never_of_one_that_never_answered() -> None:
    then = NOW - timedelta(minutes=3)
    assert last_heard("p1", "up", {}, then, NOW) == "3 min ago"
    assert last_heard("p1", "down", {"a": 1}, then, NOW) == "3 min ago"
    assert last_heard("p1", "down", {}, then, NOW) == "never"
    assert last_heard("wio-e5", "down", {}, then, NOW) == "not known"
    assert last_heard("p1", "up", {}, NOW + timedelta(seconds=5), NOW) == "0 s ago"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")]
)
def test_a_span_has_two_of_its_unit(seconds: int, text: str) -> None:
    assert span(seconds) == text
