"""The server's side of GWMP as a conversation, without a socket."""

import base64
import itertools
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.guests import MAX_GUESTS, MEET_EVERY_NS, NEWCOMERS
from skerry_firmware_bridge.gwmp.datagram import Datagram
from skerry_firmware_bridge.gwmp.gateway import Address
from skerry_firmware_bridge.gwmp.session import DownlinkConcluded, GwmpSession
from skerry_firmware_bridge.radio import (
    DeviceEvent,
    DeviceForgotten,
    DeviceState,
    DeviceTrouble,
    FrameHeard,
    StateChanged,
    StatusReported,
)
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_testing.vectors import cases
from skerry_wire.frames import Crc, ReceivedFrame, TransmitRequest, TransmitStatus

UP = ("127.0.0.1", 40_001)
DOWN = ("127.0.0.1", 40_002)
FAR = ("192.0.2.1", 40_003)
REQUEST = TransmitRequest(
    phy=bytes(52), frequency_hz=868_100_000, datarate="SF12BW125", power_dbm=14, inverted_polarity=False
)


class Conversation:
    """A session with a hand-moved clock."""

    def __init__(self) -> None:
        tokens = itertools.count(100)
        self.session = GwmpSession(random_token=lambda: next(tokens))
        self.now_s = 0.0

    def say(self, raw: bytes, source: Any = UP) -> list[DeviceEvent]:
        now_ns = round(self.now_s * NS_PER_S)
        return self.session.receive(raw, source, now_ns=now_ns, wall_ns=now_ns)

    def wait(self, seconds: float) -> list[DeviceEvent]:
        self.now_s += seconds
        now_ns = round(self.now_s * NS_PER_S)
        return self.session.expire(now_ns=now_ns, wall_ns=now_ns)

    def send(self) -> int:
        return self.session.transmit(EUI, REQUEST, now_ns=round(self.now_s * NS_PER_S))

    def answers(self) -> list[tuple[bytes, Any]]:
        return self.session.to_send()


def frames(events: list[DeviceEvent]) -> list[FrameHeard]:
    return [event for event in events if isinstance(event, FrameHeard)]


def troubles(events: list[DeviceEvent]) -> list[str]:
    return [event.code for event in events if isinstance(event, DeviceTrouble)]


def test_a_frame_is_heard_and_acknowledged_to_its_own_socket() -> None:
    talk = Conversation()
    (heard,) = frames(talk.say(push_data({"rxpk": [rxpk(rssis=-62)]})))
    assert heard.device_id == "gwmp:aa555a0000000001"
    assert heard.frame.phy == b"\x40\x04\x03\x02"
    assert (heard.frame.frequency_hz, heard.frame.datarate) == (868_100_000, "SF7BW125")
    assert (heard.frame.rssi_dbm, heard.frame.snr_db, heard.frame.tmst_us) == (-62, 9.5, 1_000_000)
    assert heard.frame.source == "udp 127.0.0.1:40001"
    assert talk.answers() == [(bytes.fromhex("02000701"), UP)]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xff", b"[]", b'{"rxpk":5}', b"[" * 3000])
def test_what_cannot_be_parsed_is_acknowledged_all_the_same(body: bytes) -> None:
    talk = Conversation()
    assert frames(talk.say(push_data(body))) == []
    assert talk.answers() == [(bytes.fromhex("02000701"), UP)]
    assert talk.session.counts["invalid_json"] == 1


def test_a_report_is_short_whatever_was_sent() -> None:
    body = b'{"rxpk":[{"freq":' + b"9" * 60_000 + b".5}]}"
    (trouble,) = [event for event in Conversation().say(push_data(body)) if isinstance(event, DeviceTrouble)]
    assert len(trouble.detail) < 300


def test_version_one_may_push_nothing() -> None:
    talk = Conversation()
    assert troubles(talk.say(push_data(b"", version=1))) == ["version_1"]
    assert talk.session.counts["invalid_json"] == 0


def test_a_bad_packet_does_not_cost_its_neighbours() -> None:
    talk = Conversation()
    packets = [rxpk(freq=None), rxpk(data="!!"), 5, rxpk(tmst="x"), rxpk(rssi=None), rxpk(), rxpk(stat=7)]
    assert len(frames(talk.say(push_data({"rxpk": packets})))) == 1
    assert talk.session.counts["bad_packets"] == 6


def test_what_cannot_be_read_is_told_once_a_minute_with_the_reason() -> None:
    talk = Conversation()
    bad = push_data({"rxpk": [rxpk(freq="868.1"), rxpk(), rxpk(tmst=None)]})
    events = talk.say(bad)
    (trouble,) = [event for event in events if isinstance(event, DeviceTrouble)]
    assert (trouble.code, "freq" in trouble.detail, len(frames(events))) == ("bad_packets", True, 1)
    assert troubles(talk.say(push_data(b"{nonsense"))) == ["invalid_json"]
    talk.now_s = 59
    assert troubles(talk.say(bad) + talk.say(push_data(b"{nonsense"))) == []
    talk.now_s = 61
    assert troubles(talk.say(bad)) == ["bad_packets"]
    assert talk.session.counts["bad_packets"] == 6


def test_a_packet_of_another_modulation_is_counted_and_skipped() -> None:
    talk = Conversation()
    fsk = rxpk(modu="FSK", datr=50_000, codr=None, lsnr=None)
    assert len(frames(talk.say(push_data({"rxpk": [fsk, rxpk()]})))) == 1
    assert talk.session.counts["not_lora"] == 1


def test_the_way_down_is_known_from_pull_data_only() -> None:
    talk = Conversation()
    talk.say(push_data({"rxpk": [rxpk()]}))
    with pytest.raises(LinkLost):
        talk.send()
    talk.say(pull_data(), DOWN)
    talk.answers()
    token = talk.send()
    ((raw, target),) = talk.answers()
    assert target == DOWN
    assert Datagram.from_bytes(raw).token == token
    talk.say(push_data({"rxpk": [rxpk()]}), ("127.0.0.1", 40_009))
    talk.answers()
    talk.send()
    assert talk.answers()[0][1] == DOWN


@pytest.mark.parametrize(
    ("body", "status", "power_dbm", "reason"),
    [
        (b"", TransmitStatus.SENT, 14, None),
        (b"\0", TransmitStatus.SENT, 14, None),
        (b'{"txpk_ack":{"error":"NONE"}}', TransmitStatus.SENT, 14, None),
        (b'{"txpk_ack":{"warn":"TX_POWER","value":12}}', TransmitStatus.ADJUSTED, 12, None),
        (b'{"txpk_ack":{"warn":"TX_POWER"}}', TransmitStatus.ADJUSTED, None, None),
        (b'{"txpk_ack":{"error":"TOO_LATE"}}\0', TransmitStatus.FAILED, None, "too_late"),
        (b'{"txpk_ack":{"error":"SOMETHING_NEW"}}', TransmitStatus.FAILED, None, "unreadable_tx_ack"),
        (b"{{", TransmitStatus.FAILED, None, "unreadable_tx_ack"),
    ],
)
def test_a_tx_ack_concludes_its_downlink(
    body: bytes, status: TransmitStatus, power_dbm: int | None, reason: str | None
) -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    token = talk.send()
    (event,) = talk.say(tx_ack(token, body), DOWN)
    assert isinstance(event, DownlinkConcluded)
    assert event.token == token
    assert (event.outcome.status, event.outcome.power_dbm, event.outcome.reason) == (status, power_dbm, reason)
    assert talk.say(tx_ack(token, body), DOWN) == []  # a second one means nothing
    assert talk.session.counts["unmatched_tx_ack"] == 1


def test_a_tx_ack_of_another_gateway_concludes_nothing() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    token = talk.send()
    other = bytes.fromhex("aa555a0000000002")
    assert [type(event) for event in talk.say(tx_ack(token, eui=other), DOWN)] == [StateChanged]
    assert talk.session.counts["unmatched_tx_ack"] == 1


def test_a_downlink_without_tx_ack_fails_after_five_seconds() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    token = talk.send()
    assert talk.session.next_deadline_ns() == 5 * NS_PER_S
    assert talk.wait(4.9) == []
    (event,) = talk.wait(0.1)
    assert isinstance(event, DownlinkConcluded)
    assert (event.token, event.outcome.status, event.outcome.reason) == (token, TransmitStatus.FAILED, "timeout")


def test_a_silent_gateway_is_unknown_then_down_and_its_downlinks_fail() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    assert talk.wait(29) == []
    (unknown,) = talk.wait(1)
    assert isinstance(unknown, StateChanged)
    assert (unknown.state, unknown.reason) == (
        DeviceState.UNKNOWN,
        "The packet forwarder is silent: no datagram for 30 s.",
    )
    talk.now_s = 58
    token = talk.send()
    concluded, down = talk.wait(2)
    assert isinstance(concluded, DownlinkConcluded)
    assert (concluded.token, concluded.outcome.reason) == (token, "gateway_lost")
    assert isinstance(down, StateChanged)
    assert down.state is DeviceState.DOWN
    assert talk.session.next_deadline_ns() is None


@pytest.mark.parametrize(("keepalive_s", "patience_s"), [(5, 15), (30, 90), (1, 15), (600, 180)])
def test_silence_is_three_of_the_forwarders_own_keepalives(keepalive_s: int, patience_s: int) -> None:
    talk = Conversation()
    for pause_s in (0, keepalive_s, 3, keepalive_s):  # it was restarted once
        talk.now_s += pause_s
        talk.say(pull_data(), DOWN)
    assert talk.wait(patience_s - 1) == []
    assert talk.session.next_deadline_ns() == round((talk.now_s + 1) * NS_PER_S)
    (unknown,) = talk.wait(1)
    assert isinstance(unknown, StateChanged)
    assert unknown.state is DeviceState.UNKNOWN
    assert talk.wait(patience_s - 1) == []
    (down,) = talk.wait(1)
    assert isinstance(down, StateChanged)
    assert down.state is DeviceState.DOWN


def test_a_gateway_that_is_heard_but_asks_for_no_downlinks_is_told_once_and_sent_nothing() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    told = []
    for _ in range(12):
        talk.say(push_data({"rxpk": [rxpk()]}))
        told += talk.wait(5)
    (trouble,) = told
    assert isinstance(trouble, DeviceTrouble)
    assert trouble.code == "no_pull_data"
    assert "no PULL_DATA for 35 s" in trouble.detail
    assert "serv_port_down" in trouble.detail
    with pytest.raises(LinkLost, match="no PULL_DATA"):
        talk.send()
    (again,) = talk.say(pull_data(), DOWN)
    assert isinstance(again, StateChanged)
    assert (again.state, again.reason) == (DeviceState.UP, "The packet forwarder asks for downlinks again.")
    talk.answers()
    talk.send()
    assert talk.answers()[0][1] == DOWN


def test_a_gateway_that_never_asks_for_downlinks_is_told_too() -> None:
    talk = Conversation()
    told = []
    for _ in range(4):
        talk.say(push_data({"rxpk": [rxpk()]}))
        told += talk.wait(10)
    assert troubles(told) == ["no_pull_data"]


def test_a_gateway_that_speaks_again_is_up_again() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.wait(40)
    (event,) = talk.say(pull_data(), DOWN)
    assert isinstance(event, StateChanged)
    assert event.state is DeviceState.UP


def test_a_second_address_for_a_live_gateway_is_refused_and_told_once_a_minute() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.answers()
    assert troubles(talk.say(push_data({"rxpk": [rxpk()]}), FAR)) == ["second_source"]
    assert talk.say(pull_data(), FAR) == []
    assert talk.answers() == []
    talk.now_s = 20
    talk.say(pull_data(), DOWN)
    talk.now_s = 61
    assert troubles(talk.say(pull_data(), FAR)) == ["second_source"]


def test_a_gateway_may_change_its_address_after_a_silence() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.wait(60)
    events = talk.say(pull_data(), FAR)
    assert [type(event) for event in events] == [StateChanged]
    talk.answers()
    talk.send()
    assert talk.answers()[0][1] == FAR


def test_a_restarted_forwarder_moves_the_way_down_at_once() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    moved = ("127.0.0.1", 50_000)
    assert talk.say(pull_data(), moved) == []
    talk.answers()
    talk.send()
    assert talk.answers()[0][1] == moved


def test_of_two_forwarders_with_one_eui_the_newcomer_is_refused() -> None:
    talk = Conversation()
    newcomer = ("127.0.0.1", 50_000)
    talk.say(pull_data(), DOWN)
    talk.say(pull_data(), newcomer)
    assert talk.say(pull_data(), DOWN) == []
    assert troubles(talk.say(pull_data(), newcomer)) == ["second_source"]
    talk.answers()
    talk.send()
    assert talk.answers()[0][1] == DOWN


def test_the_same_frame_within_ten_seconds_is_a_duplicate() -> None:
    talk = Conversation()
    assert len(frames(talk.say(push_data({"rxpk": [rxpk()]})))) == 1
    assert frames(talk.say(push_data({"rxpk": [rxpk(tmst=5)]}))) == []
    assert len(frames(talk.say(push_data({"rxpk": [rxpk(freq=868.3)]})))) == 1
    talk.now_s = 10
    assert len(frames(talk.say(push_data({"rxpk": [rxpk()]})))) == 1
    assert talk.session.counts["duplicates"] == 1


def test_a_frame_is_remembered_over_many_others() -> None:
    talk = Conversation()
    for number in range(1000):
        talk.now_s = number / 500
        others = frames(talk.say(push_data({"rxpk": [rxpk(freq=863 + number / 1000)]})))
        assert len(others) == 1
    assert frames(talk.say(push_data({"rxpk": [rxpk(freq=863.5)]}))) == []
    assert len(frames(talk.say(push_data({"rxpk": [rxpk(freq=864.5)]})))) == 1


def test_a_heard_frame_is_like_one_made_by_the_constructor() -> None:
    talk = Conversation()
    (heard,) = frames(talk.say(push_data({"rxpk": [rxpk()]})))
    made = ReceivedFrame(
        phy=b"\x40\x04\x03\x02",
        frequency_hz=868_100_000,
        datarate="SF7BW125",
        rssi_dbm=-60,
        snr_db=9.5,
        tmst_us=1_000_000,
        crc=Crc.OK,
        received_wall_ns=0,
        received_monotonic_ns=0,
        source="udp 127.0.0.1:40001",
    )
    assert type(heard.frame) is ReceivedFrame
    assert (heard.frame, hash(heard.frame), repr(heard.frame)) == (made, hash(made), repr(made))
    with pytest.raises(FrozenInstanceError):
        heard.frame.rssi_dbm = 0  # type: ignore[misc]  # that is the point


def test_of_copies_on_two_channels_the_stronger_is_kept() -> None:
    talk = Conversation()
    weak, strong = rxpk(lsnr=-2.2, freq=868.3, tmst=1_000_050), rxpk(lsnr=10.5)
    (heard,) = frames(talk.say(push_data({"rxpk": [weak, strong]})))
    assert heard.frame.snr_db == 10.5


def test_a_storm_is_acknowledged_but_dropped_and_told_once() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.answers()
    told = [code for number in range(500) for code in troubles(talk.say(push_data({"rxpk": [rxpk(tmst=number)]})))]
    assert told == ["storm"]
    assert len(talk.answers()) == 500
    assert talk.session.counts["storm_dropped"] > 300
    talk.now_s = 1
    assert len(frames(talk.say(push_data({"rxpk": [rxpk(freq=868.5)]})))) == 1


def test_eui_zero_is_acknowledged_told_and_never_used() -> None:
    talk = Conversation()
    zero = bytes(8)
    assert troubles(talk.say(pull_data(eui=zero))) == ["zero_eui"]
    assert talk.say(push_data({"rxpk": [rxpk()]}, eui=zero)) == []
    assert len(talk.answers()) == 2
    assert talk.session.gateways == {}


def test_version_one_is_answered_in_version_one_and_told_once() -> None:
    talk = Conversation()
    assert troubles(talk.say(pull_data(version=1), DOWN)) == ["version_1"]
    assert talk.say(pull_data(version=1), DOWN) == []
    assert talk.answers() == [(bytes.fromhex("01000804"), DOWN)] * 2
    talk.send()
    assert talk.answers()[0][0][0] == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "invalid_length"),
        (b"\x02\0\0\x02", "invalid_length"),
        (b"\x03\0\0\x02" + EUI, "invalid_version"),
        (b"\x02\0\0\x09" + EUI, "invalid_identifier"),
        (b"\x02\0\0\x01", "unexpected"),
    ],
)
def test_what_is_no_datagram_of_a_gateway_is_counted_and_unanswered(raw: bytes, reason: str) -> None:
    talk = Conversation()
    assert troubles(talk.say(raw) + talk.say(raw)) == [reason]
    assert talk.answers() == []
    assert talk.session.counts == {reason: 2}


def test_statistics_are_reported_by_clear_names() -> None:
    talk = Conversation()
    stat = {"time": "2026-11-20 09:25:28 GMT", "rxnb": 4, "ackr": None, "lati": 0, "long": 0, "alti": 0, "hal": "5.1"}
    (status,) = [event for event in talk.say(push_data({"stat": stat})) if isinstance(event, StatusReported)]
    assert status.values["received"] == 4
    assert status.values["lat"] is None
    assert status.values["hal"] == "5.1"


def test_hostile_statistics_fill_no_memory_and_claim_nothing() -> None:
    hostile: dict[str, Any] = {"boot": "x" * 5000, "ping": "\ud800", "hver": [1], "fpga": 10**400, "dsp": "2\x1b[2J"}
    hostile |= {
        "radio_condition": "deaf",
        "trouble": "x",
        "received": 9,
        "bad name": 1,
        "rxnb": 7,
        "rxok": 10**30,
        "hal": "2.1.0",
    }
    hostile |= {f"m{number}": number for number in range(1000)}
    (event,) = [one for one in Conversation().say(push_data({"stat": hostile})) if isinstance(one, StatusReported)]
    assert (event.values["received"], event.values["hal"]) == (7, "2.1.0")
    assert len(event.values) < 50
    assert not {"radio_condition", "trouble", "bad name", "boot", "ping", "hver", "fpga", "dsp", "received_ok"} & set(
        event.values
    )


def test_a_flood_of_invented_gateways_is_bounded_and_those_that_give_way_are_told() -> None:
    talk = Conversation()
    events: list[DeviceEvent] = []
    for number in range(1, 1000):
        events += talk.wait(60)
        events += talk.say(pull_data(eui=number.to_bytes(8, "big")))
        assert len(talk.session.gateways) <= NEWCOMERS
    met = {event.device_id for event in events if isinstance(event, StateChanged)}
    forgotten = [event.device_id for event in events if isinstance(event, DeviceForgotten)]
    assert len(met) == 999
    assert len(met - set(forgotten)) == MAX_GUESTS
    assert len(forgotten) == len(set(forgotten))


def test_a_guest_that_gives_way_is_not_forgotten_while_it_speaks_elsewhere() -> None:
    session = GwmpSession(random_token=lambda: 1, elsewhere=lambda eui: "a port" if eui == EUI else None)
    session._elsewhere, elsewhere = lambda _: None, session._elsewhere
    session.receive(pull_data(), UP, now_ns=0, wall_ns=0)
    session._elsewhere = elsewhere
    events: list[DeviceEvent] = []
    for number in range(1, 2 * MAX_GUESTS):
        now_ns = number * MEET_EVERY_NS
        events += session.expire(now_ns=now_ns, wall_ns=now_ns)
        events += session.receive(pull_data(eui=number.to_bytes(8, "big")), UP, now_ns=now_ns, wall_ns=now_ns)
    forgotten = {event.device_id for event in events if isinstance(event, DeviceForgotten)}
    assert len(forgotten) == MAX_GUESTS - 1  # of as many as came too many
    assert f"gwmp:{EUI.hex()}" not in forgotten


def test_ever_new_names_of_statistics_become_few_values() -> None:
    talk = Conversation()
    names: set[str] = set()
    for number in range(100):
        stat = {f"n{number}_{place}": 1 for place in range(32)}
        for event in talk.say(push_data({"stat": stat})):
            if isinstance(event, StatusReported):
                names |= {name for name in event.values if name.startswith("n")}
        talk.now_s += 1
    assert len(names) == 32


def test_what_is_longer_than_any_lora_frame_is_refused() -> None:
    talk = Conversation()
    for quick in (True, False):
        extra: dict[str, object] = {} if quick else {"unusual": {}}
        for size, count in ((255, 1), (256, 0)):
            data = base64.b64encode(bytes([quick]) * size).decode()
            assert len(frames(talk.say(push_data({"rxpk": [rxpk(data=data, size=size) | extra]})))) == count


def test_a_flood_of_invented_gateways_becomes_few_devices_and_keeps_no_named_one_out() -> None:
    session = GwmpSession(random_token=lambda: 1, pins={EUI: "127.0.0.1"})
    told: list[DeviceEvent] = []
    for number in range(1, 1000):
        told += session.receive(pull_data(eui=number.to_bytes(8, "big")), UP, now_ns=0, wall_ns=0)
    assert len(session.gateways) == NEWCOMERS
    assert troubles(told) == ["too_many_gateways"]
    assert len(session.to_send()) == NEWCOMERS
    session.receive(pull_data(), UP, now_ns=0, wall_ns=0)
    assert EUI in session.gateways
    session.receive(pull_data(eui=bytes(7) + b"\xff"), UP, now_ns=MEET_EVERY_NS, wall_ns=0)
    assert bytes(7) + b"\xff" in session.gateways


def test_a_forwarder_that_has_died_is_not_taken_for_one_that_can_only_hear() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.now_s = 20
    talk.say(push_data({"rxpk": [rxpk()]}))  # its last words
    events = [event for _ in range(8) for event in talk.wait(5)]
    assert troubles(events) == []
    deadline_ns = talk.session.next_deadline_ns()
    assert deadline_ns is not None
    assert deadline_ns > talk.now_s * NS_PER_S  # never at once again


def test_closing_ends_every_downlink() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.send()
    concluded, down = talk.session.close(reason="The server was stopped.", now_ns=0, wall_ns=0)
    assert isinstance(concluded, DownlinkConcluded)
    assert concluded.outcome.reason == "gateway_lost"
    assert isinstance(down, StateChanged)
    assert down.state is DeviceState.DOWN


def test_a_pull_resp_fits_the_forwarders_buffer() -> None:
    talk = Conversation()
    talk.say(pull_data(), DOWN)
    talk.answers()
    largest = TransmitRequest(
        phy=bytes(255), frequency_hz=868_100_000, datarate="SF12BW125", power_dbm=14, inverted_polarity=True, tmst_us=1
    )
    talk.session.transmit(EUI, largest, now_ns=0)
    assert len(talk.answers()[0][0]) < 1000


PINNED = {EUI: "192.0.2.7"}
OUTSIDE: Address = ("192.0.2.7", 40_000)


def pinned(pins: dict[bytes, str] | None = None) -> GwmpSession:
    return GwmpSession(random_token=lambda: 1, pins=PINNED if pins is None else pins)


def test_beyond_loopback_only_a_named_gateway_is_heard_from_its_own_address() -> None:
    session = pinned()
    events = session.receive(push_data({"rxpk": [rxpk()]}), OUTSIDE, now_ns=0, wall_ns=0)
    assert [type(event) for event in events] == [StateChanged, FrameHeard]
    assert session.to_send()


@pytest.mark.parametrize(
    ("eui", "source"),
    [
        (EUI, ("192.0.2.8", 40_000)),
        (EUI, ("127.0.0.1", 40_000)),  # it lives elsewhere
        (bytes.fromhex("aa555a0000000009"), OUTSIDE),
        (bytes.fromhex("aa555a0000000009"), ("2001:db8::1", 1, 0, 0)),
    ],
)
def test_a_stranger_gets_no_answer_and_is_told_once_a_minute(eui: bytes, source: Address) -> None:
    session = pinned()
    events = session.receive(push_data({"rxpk": [rxpk()]}, eui=eui), source, now_ns=0, wall_ns=0)
    (trouble,) = events
    assert isinstance(trouble, DeviceTrouble)
    assert trouble.code == "not_pinned"
    assert source[0] in trouble.detail
    assert session.receive(pull_data(eui=eui), source, now_ns=NS_PER_S, wall_ns=0) == []
    assert session.to_send() == []
    assert (session.counts["not_pinned"], session.gateways) == (2, {})
    assert session.receive(pull_data(eui=eui), source, now_ns=61 * NS_PER_S, wall_ns=0)


def test_loopback_and_serial_ports_need_no_pin_and_mapped_addresses_are_the_same() -> None:
    for source in (("127.0.0.1", 1), ("::1", 1, 0, 0), ("::ffff:127.0.0.1", 1, 0, 0), ("/dev/ttyUSB0", 0)):
        assert pinned({}).receive(pull_data(), source, now_ns=0, wall_ns=0), source
    assert isinstance(
        pinned().receive(pull_data(), ("::ffff:192.0.2.7", 1, 0, 0), now_ns=0, wall_ns=0)[0], StateChanged
    )


@pytest.mark.parametrize("kind", ["gwmp.captured", "gwmp.decode"])
def test_without_msgspec_the_same_frames_are_heard(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def heard() -> list[list[DeviceEvent]]:
        session = GwmpSession(random_token=lambda: 1)
        raws = [bytes.fromhex(case["in"]["datagram_hex"]) for case in cases(kind)["cases"]]
        return [
            session.receive(raw, ("127.0.0.1", 1), now_ns=number * NS_PER_S, wall_ns=number)
            for number, raw in enumerate(raws)
        ]

    quick = heard()
    monkeypatch.setattr("skerry_firmware_bridge.gwmp.push.usual_frames", lambda body, **_: None)
    assert heard() == quick
    assert any(isinstance(event, FrameHeard) for events in quick for event in events)
