"""Rows of +QENG whose columns firmware leaves out or moves."""

import pytest

from skerry_firmware_bridge.cellular.cells import Neighbour, read_cells


def neighbour(row: str) -> Neighbour:
    (found,) = read_cells([f'+QENG: "neighbourcell","NR5G",{row}']).neighbours
    return found


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("633984,123,-95,-11,15", (633984, 123, -95, -11, 15)),
        ("300,-88,-9,20", (None, 300, -88, -9, 20)),
        ("633984,123,-95,-11", (633984, 123, -95, -11, None)),
        ("300,-88,-9,20,7", (None, 300, -88, -9, 20)),
        ("-,123,-95,-11,15", (None, 123, -95, -11, 15)),
        ("1008,5", (1008, 5, None, None, None)),
        ("1007,-88", (None, 1007, -88, None, None)),
    ],
)
def test_a_neighbour_of_5g_is_read_with_and_without_its_channel(row: str, expected: tuple[int | None, ...]) -> None:
    found = neighbour(row)
    assert (found.channel, found.pci, found.rsrp_dbm, found.rsrq_db, found.sinr_db) == expected


def test_a_standalone_cell_in_a_row_of_its_own_is_read_without_its_duplex_mode() -> None:
    cells = read_cells(['+QENG: "servingcell","CONN"', '+QENG: "NR5G-SA",262,01,101,-88,25,-11,633984,78,1,0'])
    assert (cells.state, cells.mode) == ("connected", "sa")
    assert cells.nr is not None
    assert (cells.nr.mnc, cells.nr.pci, cells.nr.band, cells.nr.dl_mhz) == ("01", 101, 78, 10)
    assert (cells.nr.rsrp_dbm, cells.nr.sinr_db, cells.nr.rsrq_db) == (-88, 25, -11)


def test_a_standalone_cell_that_does_not_tell_its_duplex_mode_keeps_its_columns() -> None:
    nr = read_cells(['+QENG: "servingcell","NOCONN","NR5G-SA",-,310,260,1F,335,794E00,516270,41,12,-75,-11,5,1,-']).nr
    assert nr is not None
    assert (nr.duplex, nr.mcc, nr.cell_id, nr.tac, nr.band, nr.sinr_db) == (None, "310", 0x1F, 0x794E00, 41, 5)


def test_a_band_that_is_neither_told_nor_known_by_its_channel_is_inferred_to_nothing() -> None:
    nr = read_cells(['+QENG: "NR5G-NSA",262,01,5,-139,-30,-43,999999,-,17,2']).nr
    assert nr is not None
    assert (nr.band, nr.band_inferred, nr.dl_mhz, nr.scs_khz) == (None, True, None, None)
    assert (nr.rsrp_dbm, nr.sinr_db, nr.rsrq_db) == (-139, -30, -43)


def test_signals_just_outside_their_range_are_no_signals() -> None:
    lte = read_cells(['+QENG: "LTE","TDD",262,01,1,2,3,4,0,6,F,-140,-44,-121,51,0,-5,-']).lte
    assert lte is not None
    assert (lte.rsrp_dbm, lte.rsrq_db, lte.rssi_dbm, lte.sinr_db) == (None, None, None, None)
    assert (str(lte.ul_mhz), lte.dl_mhz, str(lte.tx_power_dbm), lte.srxlev) == ("1.4", None, "-0.5", None)
