"""What a carried packet costs in data credits (iot-poc 4.9)."""

__all__ = ["BYTES_PER_DC", "packet_dc"]

BYTES_PER_DC = 24


def packet_dc(*, payload_bytes: int, packet_type: str, free: bool) -> int | None:
    """Return the charge of a packet; None for joins, which are never charged at all."""
    if packet_type == "join":
        return None
    return 0 if free else max(1, -(-payload_bytes // BYTES_PER_DC))
