"""What ModemManager tells is decoded by its types and limits only, and nothing it could tell breaks the decoders."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.cellular.modem_manager_cells import read_cell_info
from skerry_firmware_bridge.cellular.modem_manager_values import INTERFACE, read_modems, readings
from skerry_firmware_bridge.errors import FrameRejected

PATH = "/org/freedesktop/ModemManager1/Modem/3"
LTE, NR = 5, 6
SIGNAL, NETWORK, LOCATION = f"{INTERFACE}.Signal", f"{INTERFACE}.Modem3gpp", f"{INTERFACE}.Location"


def _values(modem: dict[str, Any], cells: object = None, **others: dict[str, Any]) -> dict[str, Any]:
    (found,) = read_modems({PATH: {INTERFACE: modem} | {f"{INTERFACE}.{name}": one for name, one in others.items()}})
    return readings(found, None if cells is None else read_cell_info(cells))


@pytest.mark.parametrize(
    ("bits", "name"),
    [
        (1 << 15 | 1 << 14, "en_dc"), (1 << 15, "nr_5gc"), (1 << 14, "lte"), (1 << 16, "lte"), (1 << 17, "nb_iot"),
        (1 << 5 | 1 << 6 | 1 << 7, "hspa"), (1 << 5 | 1 << 6, "hsdpa"), (1 << 5, "utran"), (1 << 1 | 1 << 3, "gsm"),
        (1 << 10, None), (0, None), (0xFFFFFFFF, None), (-1, None), (True, None), ("lte", None),
    ],
)  # fmt: skip
def test_access_technologies_have_the_names_of_the_at_driver(bits: object, name: str | None) -> None:
    assert _values({"AccessTechnologies": bits})["access_technology"] == name


@pytest.mark.parametrize(
    ("modem", "sim"),
    [
        ({"UnlockRequired": 1}, "ready"),
        ({"UnlockRequired": 2, "State": 2}, "sim pin"),
        ({"UnlockRequired": 4}, "sim puk"),
        ({"UnlockRequired": 16}, "ph-netsub puk"),
        ({"UnlockRequired": 0}, None),
        ({"UnlockRequired": 17}, None),
        ({"State": -1, "StateFailedReason": 2, "UnlockRequired": 0}, "absent"),
        ({"State": -1, "StateFailedReason": 3}, "failure"),
        ({"State": 8, "StateFailedReason": 2}, None),
    ],
)
def test_the_state_of_the_sim_has_the_words_of_the_at_driver(modem: dict[str, Any], sim: str | None) -> None:
    assert _values(modem)["sim"] == sim


@pytest.mark.parametrize("level", [-1.797e308, float("nan"), float("inf"), 0.0, 7.0, -300.0, True, "-80", None, {}])
def test_a_level_that_cannot_be_is_none_and_never_a_number(level: object) -> None:
    values = _values({}, Signal={"Lte": {"rsrp": level, "rssi": level}, "Nr5g": {"rsrp": level}})
    assert (values["lte_rsrp_dbm"], values["rssi_dbm"], values["nr_rsrp_dbm"]) == (None, None, None)


def test_levels_come_from_the_measurements_first_and_from_the_cells_otherwise() -> None:
    cell = {"cell-type": LTE, "serving": True, "rsrp": -99.0, "rsrq": -12.0, "physical-ci": "0"}
    values = _values({}, [cell], Signal={"Lte": {"rsrp": -91.4, "snr": 12.6}, "Umts": {"rssi": -70.0}})
    assert {name: values[name] for name in ("lte_rsrp_dbm", "lte_rsrq_db", "lte_sinr_db", "lte_pci", "rssi_dbm")} == {
        "lte_rsrp_dbm": -91, "lte_rsrq_db": -12, "lte_sinr_db": 13, "lte_pci": 0, "rssi_dbm": -70,
    }  # fmt: skip


def test_a_cell_says_its_own_network_better_than_the_operator_does() -> None:
    modem3gpp = {"OperatorCode": "310260", "OperatorName": " ", "RegistrationState": 5}
    cell = {"cell-type": NR, "serving": True, "nrarfcn": 520110, "operator-id": "00101", "tac": "1A", "ci": "FFFFFFFFF"}
    values = _values({"AccessTechnologies": 1 << 15}, [cell], Modem3gpp=modem3gpp)
    assert (values["mcc"], values["mnc"], values["operator"], values["registration"]) == (
        "001",
        "01",
        "310260",
        "roaming",
    )
    assert (values["mode"], values["tac"], values["cell_id"], values["nr_band"]) == ("sa", 26, 2**36 - 1, 41)
    values = _values({"AccessTechnologies": 1 << 14}, [], Modem3gpp=modem3gpp)
    assert (values["mcc"], values["mnc"], values["mode"], values["neighbours"]) == ("310", "260", "lte", 0)


def test_of_several_carriers_the_primary_one_serves() -> None:
    def carrier(rat: int, kind: int, channel: int) -> dict[str, Any]:
        name = "earfcn" if rat == LTE else "nrarfcn"
        return {"cell-type": rat, "serving": True, "serving-cell-type": kind, name: channel}

    rows = [carrier(LTE, 2, 1), carrier(LTE, 1, 2), carrier(NR, 4, 3), carrier(NR, 3, 4), carrier(3, 1, 5)]
    cells = read_cell_info(rows)
    assert cells.lte is not None
    assert cells.nr is not None
    assert (cells.lte.earfcn, cells.nr.arfcn, cells.mode) == (2, 4, "en_dc")


def test_area_and_cell_are_taken_from_the_location_where_it_is_shared() -> None:
    assert (_values({}, Location={"Location": {1: "310,260,8BE3,2BAF,0"}})["tac"]) == 0x8BE3
    values = _values({}, Location={"Location": {1: "310,260,FFFE,2BAF,1A"}})
    assert (values["tac"], values["cell_id"]) == (0x1A, 0x2BAF)
    assert _values({}, Location={"Location": {2: {}}})["cell_id"] is None


@pytest.mark.parametrize(("told", "percent"), [([61, True], 61), ([61, False], None), ([101, True], None), ([1], None)])
def test_only_a_recent_quality_counts(told: list[object], percent: int | None) -> None:
    assert _values({"SignalQuality": told})["signal_quality_pct"] == percent


@pytest.mark.parametrize(
    ("signal", "is_measured"),
    [
        ({}, False),
        ({"Rate": 0}, False),
        ({"Rate": 5}, True),
        ({"RssiThreshold": 3}, True),
        ({"ErrorRateThreshold": True}, True),
    ],
)
def test_whoever_has_asked_for_measurements_has_asked(signal: dict[str, Any], is_measured: bool) -> None:
    (modem,) = read_modems({PATH: {INTERFACE: {}, SIGNAL: signal}})
    assert modem.is_measured is is_measured


def test_only_modems_are_modems() -> None:
    objects = {
        PATH: {INTERFACE: {"EquipmentIdentifier": "A1B2C3D4"}},
        "/SIM/0": {f"{INTERFACE}.Sim": {}},
        7: {},
        "no path": {INTERFACE: {}},
    }
    (modem,) = read_modems(objects)
    assert (modem.path, modem.identifier, modem.identity["imei"]) == (PATH, "A1B2C3D4", None)  # an ESN is no IMEI


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 20), st.floats(), st.text(max_size=20),
    st.sampled_from(["310,260,8BE3,2BAF,0", "00101", "1A", "-80", "001010000000016"]),
)  # fmt: skip
NAMES = st.sampled_from(
    "State StateFailedReason UnlockRequired AccessTechnologies SignalQuality EquipmentIdentifier Imei Manufacturer "
    "RegistrationState OperatorCode OperatorName Rate RssiThreshold Lte Nr5g Umts Gsm Location rsrp rsrq rssi snr sinr "
    "cell-type serving serving-cell-type nrarfcn earfcn operator-id tac ci physical-ci".split()
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(NAMES, inner, max_size=6),
        st.dictionaries(SCALARS, inner, max_size=3),
    ),
    max_leaves=20,
)
TREES = st.dictionaries(
    st.just(PATH),
    st.dictionaries(
        st.sampled_from([INTERFACE, SIGNAL, NETWORK, LOCATION]), st.one_of(ANYTHING, st.dictionaries(NAMES, ANYTHING))
    ),
)
CELLS = st.lists(
    st.one_of(ANYTHING, st.dictionaries(NAMES, SCALARS).map(lambda row: {"cell-type": NR, "serving": True, **row}))
)


@settings(max_examples=200)
@given(objects=st.one_of(ANYTHING, TREES), cells=st.one_of(st.none(), ANYTHING, CELLS))
def test_nothing_that_could_be_told_raises_anything_but_our_own_error(objects: object, cells: object) -> None:
    try:
        modems = read_modems(objects)
    except FrameRejected:
        assert not isinstance(objects, dict)
        return
    for modem in modems:
        values = modem.identity | readings(modem, None if cells is None else read_cell_info(cells))
        assert all(value is None or type(value) in (int, str) for value in values.values())
