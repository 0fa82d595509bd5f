"""Energy readings come out in whole watts and watt-hours, whichever models a device has; what is missing is None."""

import pytest

from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.sunspec.blocks import Model, decode_model
from skerry_firmware_bridge.sunspec.energy import common_values, energy_values
from skerry_simulate.devices.sunspec_unit import Values as Points
from skerry_simulate.devices.sunspec_unit import model_registers


def _read(*models: tuple[int, Points]) -> Values:
    return energy_values([decode_model(model_id, model_registers(model_id, points)) for model_id, points in models])


def test_a_float_meter_and_an_integer_meter_say_the_same() -> None:
    floats = _read((213, {"W": 640.4, "Hz": 50.0, "TotWhExp": 1200.0, "TotWhImp": 987_654.0}))
    integers = _read(
        (203, {"W": 6404, "W_SF": -1, "Hz": 5000, "Hz_SF": -2, "TotWhExp": 12, "TotWhImp": 987_654, "TotWh_SF": 0})
    )
    assert floats["power_w"] == integers["power_w"] == 640
    assert floats["frequency_millihz"] == integers["frequency_millihz"] == 50_000
    assert floats["imported_wh"] == integers["imported_wh"] == 987_654


def test_strings_dc_ports_and_batteries_are_read() -> None:
    values = _read(
        (160, {"DCW_SF": 1, "module": [{"DCW": 100}, {"DCW": 50}]}),
        (714, {"DCW": 1500, "DCW_SF": 0, "NPrt": 1, "Prt": [{"DCW": 1500}]}),
        (802, {"WHRtg": 1000, "WHRtg_SF": 1, "SoC": 655, "SoC_SF": -1, "SoH": 99, "SoH_SF": 0, "W": -900, "W_SF": 0}),
    )
    assert (values["strings"], values["strings_power_w"]) == (2, 1500)
    assert (values["dc_power_w"], values["dc_ports"]) == (1500, 1)
    assert (values["capacity_wh"], values["charge_pct"], values["battery_power_w"]) == (10_000, 65.5, -900)


def test_a_counter_tells_where_it_starts_again_and_zero_has_counted_nothing() -> None:
    values = _read((203, {"TotWhImp": 2**32 - 1, "TotWhExp": 0, "TotWh_SF": 1}))
    assert (values["imported_wh"], values["exported_wh"], values["energy_wraps_wh"]) == (
        (2**32 - 1) * 10,
        None,
        2**32 * 10,
    )
    assert _read((103, {"WH": 5, "WH_SF": 0}))["produced_wraps_wh"] == 2**32
    assert _read((113, {"WH": 5.0}))["produced_wraps_wh"] is None
    assert _read((103, {"WH": 5}))["produced_wraps_wh"] is None  # the scale factor is not implemented


@pytest.mark.parametrize("model", [101, 102, 103, 111, 112, 113])
def test_every_inverter_model_says_power_energy_and_state(model: int) -> None:
    number: Points = {"W": 2836.0, "WH": 123_456.0, "Hz": 50.5, "PhVphA": 230.0, "TmpCab": 35.5, "St": 4}
    factors = {"W_SF": 0, "WH_SF": 0, "Hz_SF": -1, "V_SF": 0, "Tmp_SF": -1}
    scaled = {"W": 2836, "WH": 123_456, "Hz": 505, "PhVphA": 230, "TmpCab": 355, "St": 4, **factors}
    values = _read((model, number if model > 110 else scaled))
    assert (values["power_w"], values["produced_wh"], values["state"]) == (2836, 123_456, "mppt")
    assert (values["frequency_millihz"], values["voltage_mv"], values["cabinet_temperature_c"]) == (
        50_500,
        230_000,
        35.5,
    )


@pytest.mark.parametrize("model", [201, 202, 203, 204, 211, 212, 213, 214])
def test_every_meter_model_says_power_and_both_counters(model: int) -> None:
    number: Points = {"W": -640.0, "Hz": 50.0, "TotWhExp": 1200.0, "TotWhImp": 987_654.0}
    scaled: Points = {"W": -64, "W_SF": 1, "Hz": 50, "Hz_SF": 0, "TotWhExp": 1200, "TotWhImp": 987_654, "TotWh_SF": 0}
    values = _read((model, number if model > 210 else scaled))
    assert (values["power_w"], values["exported_wh"], values["imported_wh"]) == (-640, 1200, 987_654)


def test_a_value_whose_scale_factor_is_not_implemented_is_none() -> None:
    assert _read((103, {"W": 2836}))["power_w"] is None


def test_the_first_model_that_says_a_value_counts() -> None:
    values = _read((103, {"W": 100, "W_SF": 0, "St": 4}), (701, {"W": 200, "W_SF": 0, "InvSt": 3}))
    assert (values["power_w"], values["state"]) == (100, "mppt")


def test_what_a_device_does_not_say_is_none_and_an_unknown_model_is_nothing() -> None:
    values = _read((103, {}))
    assert set(values.values()) == {None}
    assert energy_values([Model(id=64999, length=2, points=None)]) == {}
    assert common_values([]) == {"maker": None, "model": None, "firmware": None, "serial": None}
