"""From a frame heard to the packet router's uplink message (iot-poc 3.3, 5.2); hotspots and operators use it."""

from skerry_wire.frames import ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_up_v1

__all__ = ["packet_up"]


def packet_up(frame: ReceivedFrame, *, gateway: bytes, region: str, hold_ms: int) -> packet_router_packet_up_v1:
    """Return the uplink, not signed; `hold_ms` is how long it waited here. Raises `ValueError` for unknown names."""
    return packet_router_packet_up_v1(
        payload=frame.phy,
        timestamp=frame.tmst_us,
        rssi=frame.rssi_dbm,
        frequency=frame.frequency_hz,
        datarate=frame.datarate,
        snr=frame.snr_db,
        region=region,
        hold_time=hold_ms,
        gateway=gateway,
    )
