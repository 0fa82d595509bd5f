"""LoRaWAN frames as a gateway and as a router see them (iot-poc 2.1, 5.3); no decryption anywhere.

The packet path, the firmware bridge and route selection read frames through this module only.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Literal

from skerry_wire.errors import FrameMalformed

__all__ = [
    "BEACON_DATA_BYTES",
    "DataFrame",
    "Frame",
    "FrameClass",
    "JoinAccept",
    "JoinRequest",
    "MType",
    "PacketType",
    "Proprietary",
    "RouterJoin",
    "RouterUndefined",
    "RouterUplink",
    "beacon_data",
    "classify",
    "packet_type",
    "parse_frame",
]

BEACON_DATA_BYTES = 51
_MIC_BYTES = 4
_JOIN_REQUEST_BYTES = 23
_JOIN_ACCEPT_BYTES = (17, 33)
_DATA_HEADER_BYTES = 8  # MHDR, DevAddr, FCtrl, FCnt


class MType(IntEnum):
    """The message type in the top three bits of the first byte."""

    JOIN_REQUEST = 0
    JOIN_ACCEPT = 1
    UNCONFIRMED_UP = 2
    UNCONFIRMED_DOWN = 3
    CONFIRMED_UP = 4
    CONFIRMED_DOWN = 5
    PROPRIETARY = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """A device asks to join; `dev_nonce` is as on air."""

    join_eui: int
    dev_eui: int
    dev_nonce: bytes
    mic: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAccept:
    """An encrypted answer to a join request."""

    body: bytes
    mic: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFrame:
    """A data frame up or down; `fport` and `frm_payload` are None when the frame ends after the options."""

    mtype: MType
    dev_addr: int
    fctrl: int
    fcnt: int
    fopts: bytes
    fport: int | None
    frm_payload: bytes | None
    mic: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proprietary:
    """A frame outside LoRaWAN; beacons are such frames."""

    payload: bytes


Frame = JoinRequest | JoinAccept | DataFrame | Proprietary


class FrameClass(Enum):
    """What the packet path does with a frame."""

    BEACON = "beacon"
    UPLINK = "uplink"
    IGNORED = "ignored"


def parse_frame(phy: bytes) -> Frame:
    """Parse a frame as a gateway does.

    Raises `FrameMalformed` invalid_size (empty), invalid_version, invalid_type, invalid_size, invalid_port, in that
    order of checks.
    """
    if not phy:
        raise FrameMalformed("invalid_size", "the frame is empty")
    if phy[0] & 0b11:
        raise FrameMalformed("invalid_version", f"major version {phy[0] & 0b11}, only 0 is known")
    try:
        mtype = MType(phy[0] >> 5)
    except ValueError:
        raise FrameMalformed("invalid_type", f"message type {phy[0] >> 5}") from None
    match mtype:
        case MType.JOIN_REQUEST:
            return _join_request(phy)
        case MType.JOIN_ACCEPT:
            _need(len(phy) in _JOIN_ACCEPT_BYTES, f"a join accept has 17 or 33 bytes, got {len(phy)}")
            return JoinAccept(body=phy[1:-_MIC_BYTES], mic=phy[-_MIC_BYTES:])
        case MType.PROPRIETARY:
            return Proprietary(payload=phy[1:])
        case _:
            return _data_frame(mtype, phy)


def beacon_data(phy: bytes) -> bytes | None:
    """Return the 51 bytes after the header of a proof-of-coverage frame, None for any other frame."""
    is_beacon = len(phy) == 1 + BEACON_DATA_BYTES and phy[0] >> 5 == MType.PROPRIETARY and phy[0] & 0b11 == 0
    return phy[1:] if is_beacon else None


def classify(phy: bytes) -> FrameClass:
    """Sort a received frame: potential beacon, uplink for the router, or neither.

    A potential beacon of another major version is still `BEACON`; `beacon_data` refuses it (iot-poc 2.1, steps 5, 7).
    """
    if len(phy) == 1 + BEACON_DATA_BYTES and phy[0] >> 5 == MType.PROPRIETARY:
        return FrameClass.BEACON
    try:
        frame = parse_frame(phy)
    except FrameMalformed:
        return FrameClass.IGNORED
    return FrameClass.IGNORED if isinstance(frame, Proprietary | JoinAccept) else FrameClass.UPLINK


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterJoin:
    """A join request as the router sees it."""

    join_eui: int
    dev_eui: int
    type: Literal["join_request"] = "join_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterUplink:
    """A data uplink as the router sees it."""

    confirmed: bool
    dev_addr: int
    type: Literal["uplink"] = "uplink"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterUndefined:
    """A frame that the router refuses."""

    mtype: int
    type: Literal["undefined"] = "undefined"


PacketType = RouterJoin | RouterUplink | RouterUndefined


def packet_type(phy: bytes) -> PacketType:
    """Sort a frame as the packet router does; the major version does not matter to it (iot-poc 5.3)."""
    if not phy:
        return RouterUndefined(mtype=0)
    mtype = phy[0] >> 5
    if mtype == MType.JOIN_REQUEST and len(phy) == _JOIN_REQUEST_BYTES:
        return RouterJoin(join_eui=_little(phy[1:9]), dev_eui=_little(phy[9:17]))
    if mtype in (MType.UNCONFIRMED_UP, MType.CONFIRMED_UP):
        try:
            frame = _data_frame(MType(mtype), phy)
        except FrameMalformed:
            return RouterUndefined(mtype=mtype)
        return RouterUplink(confirmed=frame.mtype is MType.CONFIRMED_UP, dev_addr=frame.dev_addr)
    return RouterUndefined(mtype=mtype)


def _join_request(phy: bytes) -> JoinRequest:
    _need(len(phy) == _JOIN_REQUEST_BYTES, f"a join request has {_JOIN_REQUEST_BYTES} bytes, got {len(phy)}")
    return JoinRequest(
        join_eui=_little(phy[1:9]), dev_eui=_little(phy[9:17]), dev_nonce=phy[17:19], mic=phy[-_MIC_BYTES:]
    )


def _data_frame(mtype: MType, phy: bytes) -> DataFrame:
    _need(len(phy) >= _DATA_HEADER_BYTES + _MIC_BYTES, f"a data frame has at least 12 bytes, got {len(phy)}")
    options_end = _DATA_HEADER_BYTES + (phy[5] & 0x0F)
    _need(options_end + _MIC_BYTES <= len(phy), "the options leave no room for the integrity code")
    fopts, rest = phy[_DATA_HEADER_BYTES:options_end], phy[options_end:-_MIC_BYTES]
    if fopts and rest and rest[0] == 0:
        raise FrameMalformed("invalid_port", "port 0 together with options")
    return DataFrame(
        mtype=mtype,
        dev_addr=_little(phy[1:5]),
        fctrl=phy[5],
        fcnt=_little(phy[6:8]),
        fopts=fopts,
        fport=rest[0] if rest else None,
        frm_payload=rest[1:] if rest else None,
        mic=phy[-_MIC_BYTES:],
    )


def _little(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _need(condition: bool, detail: str) -> None:
    if not condition:
        raise FrameMalformed("invalid_size", detail)
