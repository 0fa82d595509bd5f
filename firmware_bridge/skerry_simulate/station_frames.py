"""Frames as a Basic Station takes them apart before it reports them; used by its emulator and the reader's tests."""

from typing import Any

__all__ = ["taken_apart"]

LEAST_BYTES = 12  # of all but proprietary frames
JOIN_BYTES = 23
JOIN_REQUEST, JOIN_ACCEPT, REJOIN, PROPRIETARY = 0, 1, 6, 7
UPLINKS = (2, 4)


def taken_apart(phy: bytes) -> dict[str, Any] | None:
    """Return a frame's members, None for what is no LoRaWAN frame and therefore not reported."""
    kind = phy[0] >> 5 if phy else PROPRIETARY
    if not phy or phy[0] & 0x1F or (len(phy) < LEAST_BYTES and kind != PROPRIETARY):
        return None
    if kind in {PROPRIETARY, JOIN_ACCEPT}:
        return {"msgtype": "propdf" if kind == PROPRIETARY else "jacc", "FRMPayload": phy.hex().upper()}
    if kind in {JOIN_REQUEST, REJOIN}:
        return _join(phy, "jreq" if kind == JOIN_REQUEST else "rejoin") if len(phy) == JOIN_BYTES else None
    return _data(phy, "updf" if kind in UPLINKS else "dndf")


def _join(phy: bytes, msgtype: str) -> dict[str, Any]:
    return {
        "msgtype": msgtype,
        "MHdr": phy[0],
        "JoinEui": phy[8:0:-1].hex("-").upper(),
        "DevEui": phy[16:8:-1].hex("-").upper(),
        "DevNonce": int.from_bytes(phy[17:19], "little"),
        "MIC": _signed(phy[-4:]),
    }


def _data(phy: bytes, msgtype: str) -> dict[str, Any] | None:
    options = phy[5] & 0x0F
    rest = phy[8 + options : -4]
    if 8 + options > len(phy) - 4:
        return None
    return {
        "msgtype": msgtype,
        "MHdr": phy[0],
        "DevAddr": _signed(phy[1:5]),
        "FCtrl": phy[5],
        "FCnt": int.from_bytes(phy[6:8], "little"),
        "FOpts": phy[8 : 8 + options].hex().upper(),
        "FPort": rest[0] if rest else -1,
        "FRMPayload": rest[1:].hex().upper(),
        "MIC": _signed(phy[-4:]),
    }


def _signed(raw: bytes) -> int:
    """Return four bytes as the station writes them: little-endian and signed."""
    return int.from_bytes(raw, "little", signed=True)
