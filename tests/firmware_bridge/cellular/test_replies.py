"""What of a modem's text is a reply line, and how its fields are split, where real modems are sloppy."""

import pytest

from skerry_firmware_bridge.cellular.fields import split
from skerry_firmware_bridge.cellular.identity import Operator, read_identity, read_operators
from skerry_firmware_bridge.cellular.registration import read_registrations
from skerry_firmware_bridge.cellular.replies import read_transcript


@pytest.mark.parametrize(
    ("command", "received", "lines"),
    [
        ("ATD5", "ATD5\r\r\nNO CARRIER\r\n", ()),
        ("AT+CSQ", "\r\n+CIEV: 7,1\r\nAT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n", ("+CSQ: 20,0",)),
        ("AT+CREG?", "AT+CREG?\r\r\n+CREG: 2,1\r\n\r\nOK\r\n", ("+CREG: 2,1",)),
    ],
)
def test_an_echo_is_never_a_reply_line(command: str, received: str, lines: tuple[str, ...]) -> None:
    transcript = read_transcript(command, received)
    assert transcript is not None
    assert transcript.lines == lines


def test_a_quote_without_its_partner_does_not_swallow_a_field() -> None:
    assert split('2,1,"1F00,20 ,79D903') == ["2", "1", "1F00", "20", "79D903"]
    assert split('0,0,"A, B",7') == ["0", "0", "A, B", "7"]


def test_area_and_cell_in_one_pair_of_quotes_are_two_fields() -> None:
    (record,) = read_registrations('+CREG: 2,1,"1F00,20",7', solicited=True)
    assert (record.tac, record.cell_id, record.act) == (0x1F00, 0x20, "lte")


def test_a_bare_error_is_no_identity() -> None:
    assert read_identity("AT+CGMI", "ERROR") is None
    assert read_identity("AT+CGMI", "+CME ERROR: 4") is None


def test_an_operator_is_found_among_other_lines() -> None:
    operator, _ = read_operators('\r\n+COPS: 0,2,"26201",7\r\n\r\nOK\r\n')
    assert operator == Operator(name=None, plmn=("262", "01"), act="lte")
