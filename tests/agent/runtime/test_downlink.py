"""The second window is used only when the first one was missed."""

import pytest

from skerry_agent.runtime.downlink import downlink_request, send_downlink
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, window_v1


def window(frequency_hz: int, *, timestamp: int = 100, immediate: bool = False) -> window_v1:
    return window_v1(frequency=frequency_hz, datarate="SF12BW125", timestamp=timestamp, immediate=immediate)


class Radio:
    """Answers each request with the next reason; None is success."""

    def __init__(self, *reasons: str | None) -> None:
        self.reasons = list(reasons)
        self.asked: list[int] = []

    async def __call__(self, request: TransmitRequest) -> TransmitOutcome:
        self.asked.append(request.frequency_hz)
        reason = self.reasons.pop(0)
        if reason is None:
            return TransmitOutcome(status=TransmitStatus.SENT)
        return TransmitOutcome(status=TransmitStatus.FAILED, reason=reason)


@pytest.mark.parametrize(
    ("reasons", "asked"),
    [
        ((None,), [868_100_000]),
        (("too_late", None), [868_100_000, 869_525_000]),
        (("too_early", "too_late"), [868_100_000, 869_525_000]),
        (("not_confirmed", "not_confirmed"), [868_100_000, 869_525_000]),
        (("collision_packet",), [868_100_000]),
        (("timeout",), [868_100_000]),
    ],
)
async def test_the_second_window_follows_a_missed_first_one_only(
    reasons: tuple[str | None, ...], asked: list[int]
) -> None:
    packet = packet_router_packet_down_v1(payload=b"down", rx1=window(868_100_000), rx2=window(869_525_000))
    radio = Radio(*reasons)
    outcome = await send_downlink(packet, region="EU868", antenna_gain_ddbi=12, transmit=radio)
    assert radio.asked == asked
    assert outcome is not None
    assert outcome.reason == reasons[-1]


async def test_a_downlink_without_windows_is_nothing_to_send() -> None:
    packet = packet_router_packet_down_v1(payload=b"down")
    assert await send_downlink(packet, region="EU868", antenna_gain_ddbi=12, transmit=Radio()) is None


def test_counters_wrap_and_immediate_windows_have_none() -> None:
    late = downlink_request(b"x", window(868_100_000, timestamp=(1 << 32) + 5), region="EU868", antenna_gain_ddbi=12)
    now = downlink_request(b"x", window(868_100_000, immediate=True), region="EU868", antenna_gain_ddbi=12)
    assert (late.tmst_us, now.tmst_us, now.inverted_polarity, now.datarate) == (5, None, True, "SF12BW125")
    assert now.power_dbm * 10 + 12 <= 160
