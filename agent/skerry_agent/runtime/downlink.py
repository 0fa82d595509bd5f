"""Sends what a packet router wants sent: the second window only when the first one was missed (iot-poc 5.2)."""

import logging
from collections.abc import Awaitable, Callable

from skerry_coverage.iot.beacon import conducted_power_dbm
from skerry_radio.regions import region_params
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.generated.data_rate_pb2 import data_rate
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, window_v1

__all__ = ["downlink_request", "send_downlink"]

MISSED = ("too_late", "too_early", "not_confirmed")  # the last: a Basic Station has dropped it in silence
_log = logging.getLogger(__name__)


async def send_downlink(
    packet: packet_router_packet_down_v1,
    *,
    region: str,
    antenna_gain_ddbi: int,
    transmit: Callable[[TransmitRequest], Awaitable[TransmitOutcome]],
) -> TransmitOutcome | None:
    """Send a downlink; None when it names no window. Raises what `transmit` raises."""
    outcome = None
    for name in ("rx1", "rx2"):
        if not packet.HasField(name):
            continue
        window = packet.rx1 if name == "rx1" else packet.rx2
        request = downlink_request(packet.payload, window, region=region, antenna_gain_ddbi=antenna_gain_ddbi)
        outcome = await transmit(request)
        if outcome.status is not TransmitStatus.FAILED or outcome.reason not in MISSED:
            return outcome
        _log.info("downlink: %s missed (%s)", name, outcome.reason)
    return outcome


def downlink_request(payload: bytes, window: window_v1, *, region: str, antenna_gain_ddbi: int) -> TransmitRequest:
    """Return what the radio is asked to send; the power is the highest that the region and the antenna allow."""
    return TransmitRequest(
        phy=payload,
        frequency_hz=window.frequency,
        datarate=data_rate.Name(window.datarate),
        power_dbm=conducted_power_dbm(region_params(region), antenna_gain_ddbi),
        inverted_polarity=True,
        tmst_us=None if window.immediate else window.timestamp % (1 << 32),
    )
