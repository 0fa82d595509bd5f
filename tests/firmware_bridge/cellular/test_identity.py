"""Operators in use and found by a scan, in the forms in which modems of several makers tell them."""

import pytest

from skerry_firmware_bridge.cellular.identity import Operator, ScannedOperator, read_operators


def test_a_numeric_operator_that_is_no_number_has_no_name_either() -> None:
    operator, found = read_operators('+COPS: 0,2,"2620X",7')
    assert operator == Operator(name=None, plmn=None, act="lte")
    assert found == []


@pytest.mark.parametrize("text", ["+COPS: ,,(0,1,2,3,4),(0,1,2)", "+COPS: (0-4),(0-2)", "+COPS: ,(0-4)"])
def test_a_scan_that_found_nothing_is_no_operator_in_use(text: str) -> None:
    assert read_operators(text) == (None, [])


@pytest.mark.parametrize(
    "text",
    [
        '+COPS: (2,"North","N","26201",7)\r\n+COPS: (1,"South","S","26202",11),(0-4),(0-2)\r\n\r\nOK\r\n',
        '+COPS: (2,"North","N","26201",7),\r\n(1,"South","S","26202",11),,(0,1,3),(0,2)',
        '+COPS: (2,"North","N","26201"),7),(1,"South","S","26202"),11)',
    ],
)
def test_a_scan_is_whole_over_several_lines_and_with_a_parenthesis_closed_early(text: str) -> None:
    assert read_operators(text)[1] == [
        ScannedOperator(status="current", name="North", short_name="N", plmn=("262", "01"), act="lte"),
        ScannedOperator(status="available", name="South", short_name="S", plmn=("262", "02"), act="nr_5gc"),
    ]


def test_an_operator_without_names_or_technology_is_found_all_the_same() -> None:
    _, found = read_operators('+COPS: (1,,,"310260"),(3,"A (B), C","","3104100",9)')
    assert found == [
        ScannedOperator(status="available", name="", short_name="", plmn=("310", "260"), act=None),
        ScannedOperator(status="forbidden", name="A (B), C", short_name="", plmn=None, act="nb_iot"),
    ]
