"""What a port's bytes give away, and that no bytes at all can break the telling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_firmware_bridge.discovery.questions import QUESTIONS, WHICH_AT, Question, is_bus, lines_of
from skerry_firmware_bridge.discovery.talkers import talker
from skerry_firmware_bridge.gwmp.hdlc import frame

BY_KIND = {kind: question for question in (*QUESTIONS, WHICH_AT) for kind in question.kinds if len(question.kinds) == 1}
AT = next(question for question in QUESTIONS if "modem" in question.kinds)
SLOW_AT = next(question for question in QUESTIONS if question.settings.baudrate == 9600)
PING_ANSWER = bytes.fromhex("53001540") + bytes(12) + b"V01.00.00"


@pytest.mark.parametrize(
    ("question", "heard", "kind"),
    [
        (BY_KIND["sx1302-usb"], PING_ANSWER, "sx1302-usb"),
        (BY_KIND["sx1302-usb"], b"\0\0left over" + PING_ANSWER, "sx1302-usb"),
        (BY_KIND["sx1302-usb"], PING_ANSWER[:-1], None),
        (BY_KIND["sx1302-usb"], b"\x54" + PING_ANSWER[1:], None),
        (BY_KIND["sx1302-usb"], BY_KIND["sx1302-usb"].says[0], None),
        (BY_KIND["picogw"], b"l\x00\x08\x01UNIQUEID", "picogw"),
        (BY_KIND["picogw"], b"l\x00\x08\x00UNIQUEID", "picogw"),
        (BY_KIND["picogw"], b"k\x00\x00\x00", None),
        (BY_KIND["picogw"], BY_KIND["picogw"].says[0] * 2, None),
        (AT, b"AT\r\r\nOK\r\n", "modem"),
        (AT, b"\r\nERROR\r\n", "modem"),
        (AT, b"\r\n+CME ERROR: 3\r\n", "modem"),
        (AT, b"AT\r\n", None),
        (AT, b"LOOK\r\n", None),
        (AT, b"+AT: OK\r\n", "wio-e5"),
        (AT, b"+AT: ERROR(-10)\r\n", "wio-e5"),
        (AT, b"\r\nAT_COMMAND_NOT_FOUND\r\n\r\nOK\r\n", "rak3172"),
        (WHICH_AT, b"\r\nOK\r\n", None),
        (WHICH_AT, b"\r\nOK\r\nAT+VER=RUI_4.0.6_RAK3172-E\r\n\r\nOK\r\n", "rak3172"),
        (WHICH_AT, b"\r\nOK\r\nAT+VER=?\r\r\nERROR\r\n", "modem"),
        (BY_KIND["rn2483"], b"invalid_param\r\nRN2483 1.0.5 Oct 31 2018 15:06:52\r\n", "rn2483"),
        (BY_KIND["rn2483"], b"RN2903 1.0.5 Nov 06 2018 10:45:27\r\n", "rn2483"),
        (BY_KIND["rn2483"], b"invalid_param\r\n", None),
        (SLOW_AT, b"+AT: OK\r\n", "wio-e5"),
        (SLOW_AT, b"\r\nAT_ERROR\r\n", "rak3172"),
        (BY_KIND["iec62056"], b"/ELS5\\@V10.04\r\n", "iec62056"),
        (BY_KIND["iec62056"], b"/?!\r\n", None),
    ],
)
def test_an_answer_gives_the_kind_away_and_an_echo_does_not(question: Question, heard: bytes, kind: str | None) -> None:
    assert question.tell(heard) == kind


def test_concentrators_are_asked_before_any_text_is_written() -> None:
    kinds = [kind for question in QUESTIONS for kind in sorted(question.kinds)]
    assert kinds[:2] == ["sx1302-usb", "picogw"]


def test_a_gateway_on_a_uart_gives_itself_away_by_a_whole_frame() -> None:
    pull_data = bytes.fromhex("02abcd02aa555a0000000101")
    identified = talker(b"noise" + frame(pull_data))
    assert identified is not None
    assert (identified.kind, identified.identity["eui"]) == ("gwmp-serial", "aa555a0000000101")
    assert talker(frame(pull_data)[:-2]) is None


def test_binary_chatter_may_be_a_shared_bus_and_text_is_none() -> None:
    assert is_bus(bytes.fromhex("010300000002c40b"))
    assert not is_bus(b"\r\n+CREG: 1\r\n$GPGGA,\0\r\n")
    assert not is_bus(b"")


@given(heard=st.binary(max_size=300))
def test_no_bytes_break_the_telling(heard: bytes) -> None:
    for question in (*QUESTIONS, WHICH_AT):
        assert question.tell(heard) in {None, *question.kinds, "modem", "wio-e5", "rak3172", "rn2483"}
    talker(heard)
    lines_of(heard)
    is_bus(heard)
