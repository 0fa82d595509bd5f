"""Further networks: settings, filters, and the forwarder's side of GWMP without a socket."""

import json

import pytest

from skerry_agent.runtime.forwarding import GwmpUpstream, forward_targets
from skerry_core.errors import UsageError
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind
from skerry_firmware_bridge.gwmp.downlink import read_ack, request_json
from skerry_firmware_bridge.gwmp.packets import received_frame
from skerry_testing.runtime import UPLINK, frame
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

EUI = bytes(range(8))
JOIN = bytes([0]) + bytes(range(8)) + bytes(range(8, 16)) + b"\x01\x02" + b"\xaa\xbb\xcc\xdd"  # JoinEUI 0706..00
REQUEST = TransmitRequest(
    phy=b"down", frequency_hz=869_525_000, datarate="SF12BW125", power_dbm=16, inverted_polarity=True, tmst_us=77
)


def upstream(text: str = "lns:1700") -> GwmpUpstream:
    return GwmpUpstream(eui=EUI, target=forward_targets((text,))[0], antenna_gain_ddbi=12)


def pull_resp(body: bytes, token: int = 9) -> bytes:
    return Datagram(kind=Kind.PULL_RESP, token=token, body=body).to_bytes()


def test_a_setting_names_place_filters_and_leave_to_send() -> None:
    (target,) = forward_targets(("lns.example.org:1700?devaddr=26000000/7;78000100&downlink=yes",))
    assert (target.name, target.filter.devaddr) == ("lns.example.org:1700", ((0x26000000, 7), (0x78000100, 32)))
    assert target.downlink
    assert forward_targets(("[::1]:1700",))[0].host == "::1"


@pytest.mark.parametrize(
    "texts",
    [
        ("lns",), ("lns:",), (":1700",), ("lns:70000",), ("lns:1700?colour=red",), ("lns:1700?downlink=maybe",),
        ("lns:1700?devaddr=26",), ("lns:1700?devaddr=2600000g/7",), ("lns:1700?devaddr=26000000/33",),
        ("lns:1700?joineui=26000000/7",), ("a:1?downlink=yes", "b:1?downlink=yes"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused_with_the_words_to_write(texts: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        forward_targets(texts)
    assert (caught.value.code, bool(caught.value.remedy)) == ("E_FORWARD", True)


@pytest.mark.parametrize(
    ("options", "data", "join"),
    [
        ("", True, True),
        ("?devaddr=78000100", True, False),
        ("?devaddr=78000000/7", True, False),
        ("?devaddr=26000000/7", False, False),
        ("?devaddr=26000000/0", True, False),
        ("?joineui=0706050403020100", False, True),
        ("?joineui=0706000000000000/16&devaddr=78000100", True, True),
        ("?joineui=0806000000000000/16", False, False),
    ],
)
def test_filters_choose_by_address(options: str, data: bool, join: bool) -> None:
    (target,) = forward_targets(("lns:1700" + options,))
    assert (target.filter.wants(UPLINK), target.filter.wants(JOIN)) == (data, join)
    assert target.filter.wants(b"\xff\xff") is (options == "")


def test_an_uplink_arrives_as_the_same_frame() -> None:
    sent = frame()
    datagram = Datagram.from_bytes(upstream().push(sent))
    assert (datagram.kind, datagram.eui) == (Kind.PUSH_DATA, EUI)
    (rxpk,) = json.loads(datagram.body)["rxpk"]
    got = received_frame(rxpk, wall_ns=sent.received_wall_ns, monotonic_ns=0, source=sent.source)
    assert got == sent


def test_a_downlink_loses_the_antennas_gain_and_its_outcome_is_told() -> None:
    network = upstream("lns:1700?downlink=yes")
    asked = network.receive(pull_resp(request_json(REQUEST)))
    assert asked is not None
    assert asked.request is not None
    assert (asked.request.power_dbm, asked.request.tmst_us, asked.request.phy) == (14, 77, b"down")
    answer = Datagram.from_bytes(network.answer(asked.token, TransmitOutcome(status=TransmitStatus.SENT)))
    assert (answer.kind, answer.token, answer.eui) == (Kind.TX_ACK, 9, EUI)
    assert read_ack(answer.body).status is TransmitStatus.SENT
    lowered = network.answer(9, TransmitOutcome(status=TransmitStatus.ADJUSTED, power_dbm=14))
    assert read_ack(Datagram.from_bytes(lowered).body).power_dbm == 15  # radiated again


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("collision_beacon", "COLLISION_BEACON"),
        ("not_confirmed", "TOO_LATE"),
        ("timeout", "TOO_LATE"),
        ("send_fail", "TX_FREQ"),
        ("dry_run", "TX_FREQ"),
        (None, "TX_FREQ"),
    ],
)
def test_a_failure_is_told_in_a_word_that_network_servers_know(reason: str | None, word: str) -> None:
    """ChirpStack's gateway bridge drops an acknowledgement with another word, and does not try the next window."""
    raw = upstream("lns:1700?downlink=yes").answer(9, TransmitOutcome(status=TransmitStatus.FAILED, reason=reason))
    assert json.loads(Datagram.from_bytes(raw).body) == {"txpk_ack": {"error": word}}


def test_a_network_without_leave_to_send_is_told_so() -> None:
    asked = upstream().receive(pull_resp(request_json(REQUEST)))
    assert asked is not None
    assert (asked.request, asked.reason) == (None, "send_fail")


def test_a_downlink_by_gps_time_alone_cannot_be_sent() -> None:
    body = json.loads(request_json(REQUEST))
    del body["txpk"]["tmst"]
    asked = upstream("lns:1700?downlink=yes").receive(pull_resp(json.dumps(body).encode()))
    assert asked is not None
    assert (asked.request, asked.reason) == (None, "gps_unlocked")


@pytest.mark.parametrize(
    "raw", [b"", b"\x02\x00\x00\x09", pull_resp(b"{"), pull_resp(b"[]"), pull_resp(b'{"txpk": {}}'),
            Datagram(kind=Kind.PULL_DATA, token=1, eui=EUI).to_bytes()],
)  # fmt: skip
def test_nonsense_of_a_network_is_rejected(raw: bytes) -> None:
    with pytest.raises(FrameRejected):
        upstream("lns:1700?downlink=yes").receive(raw)


def test_a_network_is_silent_once_datagrams_from_before_the_last_look_found_no_answer() -> None:
    network = upstream()
    network.pull()
    network.stat(1_790_000_000)
    assert not network.is_silent(after=2)  # they have just left
    network.receive(Datagram(kind=Kind.PULL_ACK, token=1).to_bytes())
    network.pull()
    assert not network.is_silent(after=1)  # it has answered since
    assert not network.is_silent(after=2)  # one is not enough
    network.pull()
    assert network.is_silent(after=2)
    assert not network.is_silent(after=1)  # counted anew
    stat = json.loads(Datagram.from_bytes(network.stat(1_790_000_000)).body)["stat"]
    assert stat["time"].endswith("GMT")


def test_a_network_may_leave_out_what_forwarders_do_not_need() -> None:
    """As The Things Stack writes a timed downlink: without imme."""
    txpk = {
        "tmst": 5_000_000, "freq": 868.1, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF7BW125", "codr": "4/5",
        "ipol": True, "size": 4, "data": "QAQDAg==", "ncrc": True,
    }  # fmt: skip
    asked = upstream("lns:1700?downlink=yes").receive(pull_resp(json.dumps({"txpk": txpk}).encode()))
    assert asked is not None
    assert asked.request is not None
    assert (asked.request.tmst_us, asked.request.inverted_polarity) == (5_000_000, True)


def test_statistics_count_from_one_message_to_the_next() -> None:
    network = upstream()
    found = []
    for uplinks in (2, 3):
        for _ in range(uplinks):
            network.push(frame())
            network.receive(b"\x02\x00\x00\x01")
        found.append(json.loads(Datagram.from_bytes(network.stat(0)).body)["stat"])
    assert [(stat["rxnb"], stat["ackr"]) for stat in found] == [(2, 100.0), (3, 75.0)]  # of them the first stat itself
