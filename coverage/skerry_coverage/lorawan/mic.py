"""Integrity codes of data frames: which session key a packet belongs to, without decrypting it (iot-poc 5.3)."""

from collections.abc import Iterator

from skerry_wire.lorawan import MType

__all__ = ["HIGH_PARTS", "data_mic", "data_mics", "full_frame_counter"]

HIGH_PARTS = range(8)  # the router tries these upper halves of the 32-bit frame counter
MIC_BYTES = 4
_SHORTEST_DATA_FRAME = 12
_DOWNLINKS = (MType.UNCONFIRMED_DOWN, MType.CONFIRMED_DOWN)


def full_frame_counter(phy: bytes, session_key: bytes) -> int | None:
    """Return the 32-bit counter of the lowest upper half whose code fits, None when the key does not fit.

    `session_key` has 16 bytes. Raises `ValueError` for a frame too short to be a data frame.
    """
    wanted = phy[-MIC_BYTES:]
    for high, mic in zip(HIGH_PARTS, data_mics(phy, session_key), strict=True):
        if mic == wanted:
            return high << 16 | _counter_low(phy)
    return None


def data_mics(phy: bytes, session_key: bytes) -> Iterator[bytes]:
    """Yield the code for each upper half of the frame counter. Raises `ValueError` as `full_frame_counter`."""
    if len(phy) < _SHORTEST_DATA_FRAME:
        raise ValueError(f"a data frame has at least {_SHORTEST_DATA_FRAME} bytes, got {len(phy)}")
    return (data_mic(phy[:-MIC_BYTES], session_key, high << 16 | _counter_low(phy)) for high in HIGH_PARTS)


def data_mic(message: bytes, session_key: bytes, frame_counter: int) -> bytes:
    """Return the code of a data frame without its code; direction and address are read from the frame."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    direction = 1 if message[0] >> 5 in _DOWNLINKS else 0
    first_block = (
        b"\x49\x00\x00\x00\x00"
        + bytes([direction])
        + message[1:5]
        + frame_counter.to_bytes(4, "little")
        + b"\x00"
        + bytes([len(message) & 0xFF])
    )
    cmac = CMAC(AES(session_key))
    cmac.update(first_block + message)
    return cmac.finalize()[:MIC_BYTES]


def _counter_low(phy: bytes) -> int:
    return int.from_bytes(phy[6:8], "little")
