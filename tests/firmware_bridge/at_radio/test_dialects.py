"""What the modules' lines mean, and that no line breaks the reader."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.at_radio.dialect import (
    Answer,
    Dialect,
    Heard,
    HeardBare,
    Line,
    Rebooted,
    Sent,
    Stopped,
    Tuning,
    Unknown,
)
from skerry_firmware_bridge.at_radio.lines import MAX_LINE_BYTES, LineReader
from skerry_firmware_bridge.at_radio.rak3172 import Rak3172
from skerry_firmware_bridge.at_radio.rn2483 import Rn2483
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5
from skerry_firmware_bridge.errors import FrameRejected
from skerry_radio.lora import Datarate

TUNING = Tuning(frequency_hz=868_100_000, datarate=Datarate.parse("SF9BW125"))


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_the_same_however_the_bytes_are_torn(size: int) -> None:
    stream = b'\r\nOK\r\n\x00+EVT:TXP2P DONE\r\n\xff\xfe?\n+TEST: RX "00"\r'
    reader = LineReader()
    lines = [line for at in range(0, len(stream), size) for line in reader.feed(stream[at : at + size])]
    assert lines == ["OK", "+EVT:TXP2P DONE", "\ufffd\ufffd?", '+TEST: RX "00"']


def test_a_run_without_line_ends_is_thrown_away() -> None:
    reader = LineReader()
    assert reader.feed(b"x" * (MAX_LINE_BYTES + 1)) == []
    assert reader.feed(b"\nOK\n") == ["OK"]
    assert reader.overlong == 1


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("+TEST: TX DONE", Sent()),
        ("+TEST: RXLRPKT", Answer(text="+TEST: RXLRPKT")),
        ("+TEST: ERROR(-12)", Answer(text="+TEST: ERROR(-12)", error="error_12")),
        ("+RESET: OK", Rebooted()),
    ],
)
def test_wio_e5_lines(text: str, meaning: Line) -> None:
    assert WioE5().read(text) == meaning


def test_wio_e5_tells_a_frame_in_two_lines() -> None:
    dialect = WioE5()
    assert isinstance(dialect.read("+TEST: LEN:3, RSSI:-106, SNR:-4"), Unknown)
    assert dialect.read('+TEST: RX "E00102"') == Heard(phy=b"\xe0\x01\x02", rssi_dbm=-106, snr_db=-4.0)


@pytest.mark.parametrize(
    "lines",
    [
        ['+TEST: RX "E00102"'],
        ["+TEST: LEN:4, RSSI:-106, SNR:-4", '+TEST: RX "E00102"'],
        ["+TEST: LEN:3, RSSI:-106, SNR:-4", '+TEST: RX "E0010'],
        ["+TEST: LEN:3, RSSI:-10", '+TEST: RX "E00102"'],
        ["+TEST: LEN:3, RSSI:-106, SNR:-4", '+TEST: RX "E0010"'],
    ],
)
def test_a_torn_report_of_the_wio_e5_is_rejected(lines: list[str]) -> None:
    dialect = WioE5()
    meanings: list[Line | FrameRejected] = []
    for line in lines:
        try:
            meanings.append(dialect.read(line))
        except FrameRejected as error:
            meanings.append(error)
    assert any(isinstance(meaning, FrameRejected) for meaning in meanings)
    assert not any(isinstance(meaning, Heard) for meaning in meanings)


def test_wio_e5_confirms_exactly_what_was_asked() -> None:
    (command,) = WioE5().tune(TUNING, 14)
    assert command.text == "AT+TEST=RFCFG,868.1,SF9,125,8,8,14,ON,OFF,ON"
    rest = "TXPR:8, RXPR:8, POW:{}dBm, CRC:ON, IQ:OFF, NET:ON"
    assert command.answers("+TEST: RFCFG F:868100000, SF9, BW125K, " + rest.format(14))
    assert not command.answers("+TEST: RFCFG F:868100000, SF9, BW125K, " + rest.format(12))
    assert not command.answers("+TEST: RFCFG F:868300000, SF9, BW125K, " + rest.format(14))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("OK", Answer(text="OK")),
        ("AT_MODE_NO_SUPPORT", Answer(text="AT_MODE_NO_SUPPORT", error="at_mode_no_support")),
        ("AT_BUSY_ERROR", Answer(text="AT_BUSY_ERROR", error="at_busy_error")),
        ("+EVT:TXP2P DONE", Sent()),
        ("+EVT:RXP2P:-28:5:48656C6C6F", Heard(phy=b"Hello", rssi_dbm=-28, snr_db=5.0)),
        ("+EVT:RXP2P RECEIVE TIMEOUT", Unknown(text="+EVT:RXP2P RECEIVE TIMEOUT")),
        ("Current Work Mode: LoRa P2P.", Rebooted()),
        ("RAKwireless", Unknown(text="RAKwireless")),
    ],
)
def test_rak3172_lines(text: str, meaning: Line) -> None:
    assert Rak3172().read(text) == meaning


@pytest.mark.parametrize("text", ["+EVT:RXP2P:-28:5:", "+EVT:RXP2P:-28:5:4", "+EVT:RXP2P:-2", "+EVT:RXP2P:-28:5:zz"])
def test_a_torn_report_of_the_rak3172_is_rejected(text: str) -> None:
    with pytest.raises(FrameRejected):
        Rak3172().read(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("ok", Answer(text="ok")),
        ("-97", Answer(text="-97")),
        ("busy", Answer(text="busy", error="busy")),
        ("radio_tx_ok", Sent()),
        ("radio_rx  48656C6C6F", HeardBare(phy=b"Hello")),
        ("radio_err", Stopped()),
        ("RN2483 1.0.5 Oct 31 2018 15:06:52", Rebooted()),
    ],
)
def test_rn2483_lines(text: str, meaning: Line) -> None:
    assert Rn2483().read(text) == meaning


def test_rak3172_commands() -> None:
    dialect = Rak3172()
    channel, polarity = dialect.tune(TUNING, 14)
    assert (channel.text, polarity.text) == ("AT+P2P=868100000:9:125:0:8:14:1", "AT+IQINVER=0")
    assert channel.instead is not None
    assert channel.instead.text == "AT+P2P=868100000:9:125:0:8:14"
    assert [command.text for command in dialect.transmit(b"\xe0\x01")] == ["AT+PSEND=E001"]


def test_the_flash_memory_of_a_rak3172_is_written_only_for_a_change() -> None:
    dialect = Rak3172()
    dialect.tune(TUNING, 14)
    assert len(dialect.tune(TUNING, 14)) == 1
    dialect.forget()
    assert len(dialect.tune(TUNING, 14)) == 2
    assert dialect.tune(replace(TUNING, inverted=True), 14)[1].text == "AT+IQINVER=1"


def test_the_wio_e5_answers_a_transmission_with_or_without_its_payload() -> None:
    (command,) = WioE5().transmit(b"\xe0\x01")
    assert command.answers('+TEST: TXLRPKT "E001"')
    assert command.answers("+TEST: TXLRPKT")
    assert not command.answers('+TEST: TXLRPKT "E0"')


@pytest.mark.parametrize("dialect", [WioE5(), Rak3172(), Rn2483()], ids=lambda dialect: dialect.kind)
@settings(max_examples=100, deadline=None)
@given(
    data=st.lists(
        st.binary(max_size=60) | st.sampled_from([b'+TEST: RX "', b"+EVT:RXP2P:-1:2:", b"radio_rx  ", b"\r\n", b"00"])
    )
)
def test_no_stream_breaks_the_reader(dialect: Dialect, data: list[bytes]) -> None:
    reader = LineReader()
    for piece in data:
        for line in reader.feed(piece):
            try:
                dialect.read(line)
            except FrameRejected:
                continue
