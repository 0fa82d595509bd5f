"""No input makes a GWMP decoder raise anything but its own error, and what is written can be read again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp import downlink, packets, strict
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind, acknowledgement
from skerry_firmware_bridge.gwmp.session import GwmpSession
from skerry_simulate.forwarder_rules import Concentrator, decide
from skerry_testing.gwmp import EUI, push_data, rxpk
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))
MEMBERS = st.sampled_from([*sorted(rxpk()), "rsig", "rssis", "tmms", "time", "foff", "jver", "aesk", "brd"])
PACKETS = st.dictionaries(MEMBERS, JSON | st.sampled_from(list(rxpk().values())), max_size=16)
NAMES = ("imme", "tmst", "tmms", "freq", "rfch", "powe", "modu", "datr", "codr", "fdev", "ipol", "size", "data")
TXPK = st.dictionaries(
    st.sampled_from(NAMES), JSON | st.sampled_from([True, 868.1, 0, 1e308, 10**400, "LORA", "SF7BW125", "4/5"])
)


@contextmanager
def only_invalid_json() -> Iterator[None]:
    """Accept a rejection for one reason only."""
    try:
        yield
    except FrameRejected as error:
        if error.reason != "invalid_json":
            raise


def fuzz_session() -> GwmpSession:
    return GwmpSession(random_token=lambda: 1)


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=200) | st.binary(max_size=60).map(lambda body: b"\x02\0\0\0" + EUI + body))
def test_any_bytes_are_accepted_or_rejected(raw: bytes) -> None:
    session = fuzz_session()
    session.receive(raw, ("127.0.0.1", 1), now_ns=0, wall_ns=0)
    acknowledgement(raw)
    try:
        datagram = Datagram.from_bytes(raw)
    except FrameRejected:
        return
    assert datagram.to_bytes()[:4] == raw[:4]
    with only_invalid_json():
        strict.read_strictly(datagram)


@settings(max_examples=100, deadline=None)
@given(packet=PACKETS, stat=JSON)
def test_any_packet_is_read_or_rejected(packet: dict[str, Any], stat: object) -> None:
    fuzz_session().receive(push_data({"rxpk": [packet], "stat": stat}), ("::1", 1, 0, 0), now_ns=0, wall_ns=0)
    for read in (packets.read_packets, packets.chosen_signal):
        with only_invalid_json():
            read(packet)
    strict.is_first_form(packet)


@settings(max_examples=100, deadline=None)
@given(txpk=TXPK)
def test_any_downlink_is_read_or_rejected(txpk: dict[str, Any]) -> None:
    question = Datagram(kind=Kind.PULL_RESP, token=1, body=json.dumps({"txpk": txpk}).encode())
    decide(question, eui=EUI, settings=Concentrator(), counter_us=0)
    with only_invalid_json():
        downlink.Downlink.from_json(txpk)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=80) | JSON.map(lambda value: json.dumps({"txpk_ack": value}).encode()))
def test_any_acknowledgement_is_read_or_rejected(body: bytes) -> None:
    with only_invalid_json():
        downlink.read_ack(body)


@given(
    phy=st.binary(min_size=1, max_size=255),
    frequency_hz=st.integers(863_000_000, 928_000_000),
    power_dbm=st.integers(0, 30),
    tmst_us=st.none() | st.integers(0, 2**32 - 1),
)
def test_a_request_reads_as_it_was_written(phy: bytes, frequency_hz: int, power_dbm: int, tmst_us: int | None) -> None:
    request = TransmitRequest(
        phy=phy,
        frequency_hz=frequency_hz,
        datarate="SF9BW125",
        power_dbm=power_dbm,
        inverted_polarity=True,
        tmst_us=tmst_us,
    )
    read = downlink.Downlink.from_json(json.loads(downlink.request_json(request))["txpk"])
    assert (read.payload, read.power_dbm, read.tmst) == (phy, power_dbm, tmst_us)
    assert round(read.freq_mhz * 1_000_000) == frequency_hz


@given(
    status=st.sampled_from([TransmitStatus.SENT, TransmitStatus.ADJUSTED]),
    power_dbm=st.integers(0, 30),
    tmst_us=st.none() | st.integers(0, 2**32 - 1),
)
def test_an_outcome_reads_as_it_was_written(status: TransmitStatus, power_dbm: int, tmst_us: int | None) -> None:
    adjusted = status is TransmitStatus.ADJUSTED
    outcome = TransmitOutcome(status=status, power_dbm=power_dbm if adjusted else None, tmst_us=tmst_us)
    assert downlink.read_ack(downlink.ack_json(outcome)) == outcome
