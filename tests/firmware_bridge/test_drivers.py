"""Device kinds and their options are checked before anything is opened."""

from pathlib import Path

import pytest

from skerry_core.errors import UsageError
from skerry_firmware_bridge.device import DeviceConfig
from skerry_firmware_bridge.drivers import DRIVERS, checked
from skerry_simulate.devices.firmware import LineFaults, parse_faults
from skerry_simulate.devices.registry import EMULATORS


def _config(kind: str, **options: str | int) -> DeviceConfig:
    return DeviceConfig(device_id="d", kind=kind, url="/dev/null", options=options)


def test_options_from_a_text_file_get_their_types() -> None:
    assert checked(_config("sunspec", unit="7", parity="E")).options == {"unit": 7, "parity": "E"}


@pytest.mark.parametrize(
    ("config", "code", "named"),
    [
        (_config("toaster"), "E_DEVICE_KIND", "sunspec"),
        (_config("p1", unit=1), "E_DEVICE_OPTION", "unit"),
        (_config("sunspec", unit="seven"), "E_DEVICE_OPTION", "unit"),
    ],
)
def test_a_wrong_kind_or_option_is_named(config: DeviceConfig, code: str, named: str) -> None:
    with pytest.raises(UsageError, match=named) as raised:
        checked(config)
    assert raised.value.code == code


def test_every_line_emulator_has_a_driver() -> None:
    assert {emulator.kind for emulator in EMULATORS.values() if emulator.make is not None} <= set(DRIVERS)


def test_faults_are_read_from_a_command_line_text() -> None:
    assert parse_faults("loss=0.2,single_bytes,flood=3") == LineFaults(loss=0.2, single_bytes=True, flood=3)
    assert parse_faults("") == LineFaults()
    for wrong in ("thunder=1", "loss=2", "loss=-1", "loss=nan", "delay_s=inf", "flood=1e9", "torn=half"):
        with pytest.raises(UsageError, match="known are"):
            parse_faults(wrong)


def test_every_kind_and_option_is_in_the_manual() -> None:
    rows = (Path(__file__).parents[2] / "docs" / "devices.md").read_text(encoding="utf-8").splitlines()
    for kind, driver in DRIVERS.items():
        row = next(line for line in rows if line.startswith(f"| `{kind}` |"))
        for option in driver.options:
            assert f"`{option.name}`" in row, (kind, option.name)
            assert any(line.startswith("| `") and f"`{option.name}`" in line.split("|")[1] for line in rows), (
                option.name
            )


@pytest.mark.parametrize("kind", sorted(DRIVERS))
def test_every_kind_says_what_a_person_can_do(kind: str) -> None:
    assert DRIVERS[kind].advice.endswith(".")
    assert DRIVERS[kind].about


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"parity": "X"}, "one of N, E, O"),
        ({"unit": 256}, "a whole number from 0 to 255"),
        ({"poll_s": 0}, "a whole number from 1 to 86400"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(options: dict[str, str | int], wanted: str) -> None:
    with pytest.raises(UsageError) as raised:
        checked(_config("sunspec", **options))
    assert wanted in raised.value.remedy


def test_parity_is_read_in_either_case() -> None:
    assert checked(_config("sunspec", parity="e")).options == {"parity": "E"}
