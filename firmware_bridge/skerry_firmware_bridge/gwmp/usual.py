"""The frames of nearly every PUSH_DATA, read in one step by msgspec; the session falls back to `packets` without it.

msgspec reads and checks a known set of members, base64 included, in a fifth of the time of reading any JSON and looking
at its members, but takes the last of equal names. So its word counts only where counting proves that no name was
repeated: outside text each member has one colon; where the members that were read, and the colons in the one text that
usually holds some, account for every colon, nothing was dropped. (A backslash could write a colon without one.)
Whatever is not usual, for whatever reason, `strict_json` and `packets` read again and judge.
"""

from math import trunc
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.json import Decoder

from skerry_firmware_bridge.gwmp.packets import LEAST_DBM, MAX_NUMBER, MAX_PHY_BYTES, MOST_DBM, WRAP_US, quick_frame
from skerry_wire.frames import Crc, ReceivedFrame

__all__ = ["usual_frames"]

BACKSLASH, COLON = b"\\:"


_Dbm = Annotated[int, Meta(ge=LEAST_DBM, le=MOST_DBM)]


class _Packet(Struct, forbid_unknown_fields=True, gc=False):
    """An rxpk with what every forwarder writes of a good LoRa frame, and perhaps what some add."""

    tmst: Annotated[int, Meta(ge=0, lt=WRAP_US)]
    chan: int
    rfch: int
    freq: Annotated[float, Meta(gt=0, lt=MAX_NUMBER)]
    stat: Literal[1]
    modu: Literal["LORA"]
    datr: Literal[
        "SF5BW125", "SF6BW125", "SF7BW125", "SF8BW125", "SF9BW125", "SF10BW125", "SF11BW125", "SF12BW125",
        "SF7BW250", "SF8BW500", "SF9BW500", "SF10BW500", "SF11BW500", "SF12BW500",
    ]  # fmt: skip
    codr: str
    lsnr: Annotated[float, Meta(gt=-MAX_NUMBER, lt=MAX_NUMBER)]
    rssi: _Dbm
    size: int
    data: Annotated[bytes, Meta(max_length=MAX_PHY_BYTES)]
    jver: int | None = None
    time: str | None = None
    tmms: int | None = None
    ftime: int | None = None
    mid: int | None = None
    rssis: _Dbm | None = None
    foff: int | None = None


class _Body(Struct, forbid_unknown_fields=True, gc=False):
    rxpk: list[_Packet]


_MEMBERS = len(_Packet.__struct_fields__)
_decode = Decoder(_Body).decode


def usual_frames(body: bytes, *, wall_ns: int, monotonic_ns: int, source: str) -> list[ReceivedFrame] | None:
    """Return what `packets.received_frame` makes of each packet, None where that is not certain."""
    if BACKSLASH in body:
        return None
    try:
        packets = _decode(body).rxpk
    except (ValueError, RecursionError):  # msgspec's own is a ValueError
        return None
    colons = 1
    frames: list[ReceivedFrame] = []
    for packet in packets:
        time, signal = packet.time, packet.rssis
        more = (packet.jver, time, packet.tmms, packet.ftime, packet.mid, signal, packet.foff)
        colons += _MEMBERS - more.count(None)
        if time is not None:
            colons += time.count(":")
        frames.append(
            quick_frame(
                packet.data,
                trunc(packet.freq * 1_000_000.0),
                packet.datr,
                packet.rssi if signal is None else signal,
                packet.lsnr,
                packet.tmst,
                Crc.OK,
                wall_ns,
                monotonic_ns,
                source,
            )
        )
    return frames if colons == body.count(COLON) else None
