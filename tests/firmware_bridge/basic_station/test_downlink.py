"""A downlink becomes the message that a station understands, and its confirmation the outcome."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_firmware_bridge.basic_station.downlink import MOST_WAITING, Downlinks, Order
from skerry_firmware_bridge.basic_station.plan import datarates
from skerry_firmware_bridge.errors import FrameRejected
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

XTIME = (37 << 48) + 0xFFFF_FF00  # the counter wraps before the window opens
NUMBER = st.integers(-(1 << 70), 1 << 70)
ANYTHING = st.none() | st.booleans() | st.text(max_size=5) | st.floats() | NUMBER


def asked(tmst_us: int | None, *, datarate: str = "SF9BW125", frequency_hz: int = 868_100_000) -> TransmitRequest:
    return TransmitRequest(
        phy=b"\x60\x01", frequency_hz=frequency_hz, datarate=datarate, power_dbm=14, inverted_polarity=True,
        tmst_us=tmst_us,
    )  # fmt: skip


def after(seconds: int, *, xtime: int = XTIME) -> int:
    return (xtime + seconds * 1_000_000) % (1 << 32)


def heard(region: str = "EU868") -> Downlinks:
    downlinks = Downlinks(datarates(region))
    downlinks.heard({"upinfo": {"xtime": XTIME, "rctx": 3}}, monotonic_ns=0)
    return downlinks


def order(downlinks: Downlinks, request: TransmitRequest, *, monotonic_ns: int = 0) -> Order:
    found = downlinks.order(request, wall_ns=5_500_000_000, monotonic_ns=monotonic_ns)
    assert isinstance(found, Order)
    return found


def test_an_answer_names_its_uplink_and_the_seconds_after_it() -> None:
    found = order(heard(), asked(after(5)))
    assert found.message == {
        "msgtype": "dnmsg", "DevEui": "00-00-00-00-00-00-00-01", "dC": 0, "diid": 1, "pdu": "6001", "priority": 1,
        "RxDelay": 5, "RX1DR": 3, "RX1Freq": 868_100_000, "xtime": XTIME, "rctx": 3, "MuxTime": 5.5,
    }  # fmt: skip
    assert (found.limit_s, found.silence) == (5.5, "not_confirmed")


def test_an_answer_that_is_not_confirmed_ends_before_its_second_window() -> None:
    """The time since the uplink counts; station 2.0.6 confirms 5 ms after a frame's moment, or never."""
    found = order(heard(), asked(after(1)), monotonic_ns=400_000_000)
    assert found.limit_s == pytest.approx(1.1)
    late = order(heard(), asked(after(1)), monotonic_ns=9_000_000_000)
    assert late.limit_s == 0.5


def test_the_second_window_of_the_longest_delay_is_asked_for_as_such() -> None:
    message = order(heard(), asked(after(16))).message
    assert (message["RxDelay"], message["RX2DR"], "RX1DR" in message) == (15, 3, False)


def test_class_c_is_sent_at_once_by_the_antenna_that_heard_last() -> None:
    found = order(heard("US915"), asked(None, datarate="SF12BW500", frequency_hz=923_300_000))
    message = found.message
    assert (message["dC"], message["RX2DR"], message["RX2Freq"], message["rctx"]) == (2, 8, 923_300_000, 3)
    assert "xtime" not in message
    assert (found.limit_s, found.silence) == (8, "timeout")


@pytest.mark.parametrize("tmst_us", [after(0), after(17), after(1) + 1, 12])
def test_a_window_that_belongs_to_no_uplink_is_not_asked_for(tmst_us: int) -> None:
    outcome = heard().order(asked(tmst_us), wall_ns=0, monotonic_ns=0)
    assert isinstance(outcome, TransmitOutcome)
    assert (outcome.status, outcome.reason) == (TransmitStatus.FAILED, "unknown_uplink")


def test_a_data_rate_that_the_region_lacks_is_not_asked_for() -> None:
    outcome = heard().order(asked(None, datarate="SF12BW500"), wall_ns=0, monotonic_ns=0)
    assert isinstance(outcome, TransmitOutcome)
    assert outcome.reason == "tx_datarate"


def test_a_confirmation_ends_only_its_own_downlink() -> None:
    downlinks = heard()
    first, second = order(downlinks, asked(None)), order(downlinks, asked(None))
    assert downlinks.confirmed({"diid": 99, "xtime": 1}) is None
    confirmed = downlinks.confirmed({"seqno": second.diid, "xtime": XTIME})
    assert confirmed == (second.diid, TransmitOutcome(status=TransmitStatus.SENT, tmst_us=0xFFFF_FF00))
    downlinks.forget(first.diid)
    assert downlinks.confirmed({"diid": first.diid}) is None


def test_a_station_that_confirms_nothing_is_not_asked_for_ever() -> None:
    downlinks = heard()
    outcomes = [downlinks.order(asked(None), wall_ns=0, monotonic_ns=0) for _ in range(MOST_WAITING + 1)]
    last = outcomes[-1]
    assert isinstance(last, TransmitOutcome)
    assert last.reason == "collision_packet"


@given(info=st.dictionaries(st.sampled_from(["xtime", "rctx"]), ANYTHING) | ANYTHING, message=st.dictionaries(
    st.sampled_from(["diid", "seqno", "xtime"]), ANYTHING))  # fmt: skip
def test_whatever_a_station_says_is_read_or_rejected(info: Any, message: dict[str, Any]) -> None:
    downlinks = heard()
    order(downlinks, asked(None))
    downlinks.heard({"upinfo": info}, monotonic_ns=0)
    try:
        confirmed = downlinks.confirmed(message)
    except FrameRejected as error:
        assert error.reason == "missing_field"  # noqa: PT017
    else:
        assert confirmed is None or confirmed[0] == 1
    downlinks.order(asked(5), wall_ns=0, monotonic_ns=0)
