"""What the JSON of a PUSH_DATA means: the frames in it that are no copies, and the forwarder's statistics.

Used by the session, once per datagram. A bad packet is counted and costs only itself.
"""

from typing import Any

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import read_json
from skerry_firmware_bridge.gwmp.gateway import Gateway
from skerry_firmware_bridge.gwmp.packets import read_status, received_frame
from skerry_firmware_bridge.radio import DeviceEvent, StatusReported, frame_heard
from skerry_wire.frames import ReceivedFrame

try:
    from skerry_firmware_bridge.gwmp.usual import usual_frames
except ImportError:  # no wheel of msgspec, as on 32-bit ARM

    def usual_frames(  # leave everything to the strict reader
        body: bytes,  # noqa: ARG001 - the signature is msgspec's way
        *,
        wall_ns: int,  # noqa: ARG001
        monotonic_ns: int,  # noqa: ARG001
        source: str,  # noqa: ARG001
    ) -> list[ReceivedFrame] | None:
        return None


__all__ = ["read_push"]

SAME_FRAME_US = 100  # copies of one frame on two channels differ by less (serial-devices 4, row 14)
MAX_EXTRA = 32  # names in stat that only some forwarders send; whoever invents more fills no memory
MAX_TEXT = 100
MAX_VALUE = 1 << 53  # what every reader of our JSON keeps exact


def read_push(gateway: Gateway, body: bytes, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
    """Return the events of a body. Raises `FrameRejected("invalid_json")`."""
    frames = usual_frames(body, wall_ns=wall_ns, monotonic_ns=now_ns, source=gateway.source)
    if frames is not None:
        return _heard(gateway, frames, now_ns)
    if gateway.version == 1 and not body.strip(b"\0"):
        return []
    content = read_json(body)
    frames, events = _frames(gateway, content.get("rxpk"), now_ns=now_ns, wall_ns=wall_ns)
    events += _heard(gateway, frames, now_ns)
    stat = content.get("stat")
    if isinstance(stat, dict):
        events.append(_status(gateway, stat, wall_ns))
    return events


def _status(gateway: Gateway, stat: dict[str, Any], wall_ns: int) -> StatusReported:
    named = read_status(stat)
    extra = {
        name: value
        for name, value in named.pop("extra").items()
        if _is_name(name) and name not in named and _is_value(value) and _has_place(gateway, name)
    }
    known = {name: value for name, value in named.items() if _is_value(value)}
    return StatusReported(device_id=gateway.device_id, values=known | extra, wall_ns=wall_ns)


def _has_place(gateway: Gateway, name: str) -> bool:
    """Return whether one more name is kept of a gateway: every name that it ever used stays beside its values."""
    if len(gateway.extra_names) < MAX_EXTRA:
        gateway.extra_names.add(name)
    return name in gateway.extra_names


def _is_name(name: str) -> bool:
    """Return whether a forwarder may name a value so: some names are the agent's own findings about a radio."""
    return name.isidentifier() and len(name) <= MAX_TEXT and not name.startswith(("radio_", "trouble"))


def _is_value(value: object) -> bool:
    match value:
        case None | bool() | float():
            return True
        case int():
            return abs(value) <= MAX_VALUE
        case str():
            return len(value) <= MAX_TEXT and value.isprintable()
        case _:
            return False


def _heard(gateway: Gateway, frames: list[ReceivedFrame], now_ns: int) -> list[DeviceEvent]:
    """Return an event for each frame that is no copy."""
    events: list[DeviceEvent] = []
    for frame in frames if len(frames) < 2 else _best_copies(frames):
        if gateway.is_duplicate(frame, now_ns):
            gateway.counts["duplicates"] += 1
        else:
            gateway.frames += 1
            events.append(frame_heard(gateway.device_id, frame))
    return events


def _frames(
    gateway: Gateway, packets: Any, *, now_ns: int, wall_ns: int
) -> tuple[list[ReceivedFrame], list[DeviceEvent]]:
    """Return the LoRa frames among packets, and what to say of those that cannot be read."""
    frames: list[ReceivedFrame] = []
    events: list[DeviceEvent] = []
    if packets is not None and not isinstance(packets, list):
        raise FrameRejected("invalid_json", detail="rxpk is no list")
    for rxpk in packets or []:
        try:
            frame = received_frame(rxpk, wall_ns=wall_ns, monotonic_ns=now_ns, source=gateway.source)
        except FrameRejected as error:
            why = error.brief()
            detail = f"A packet that it reported cannot be read and is left out ({why}); update the packet forwarder."
            events += gateway.trouble("bad_packets", detail, now_ns=now_ns, wall_ns=wall_ns)
            continue
        if frame is None:
            gateway.counts["not_lora"] += 1
        else:
            frames.append(frame)
    return frames, events


def _best_copies(frames: list[ReceivedFrame]) -> list[ReceivedFrame]:
    """Keep the best of copies of one transmission that a strong signal left on several channels."""
    kept: dict[bytes, list[ReceivedFrame]] = {}
    for frame in frames:
        same = kept.setdefault(frame.phy, [])
        for index, other in enumerate(same):
            if abs(frame.tmst_us - other.tmst_us) <= SAME_FRAME_US:
                if frame.snr_db > other.snr_db:
                    same[index] = frame
                break
        else:
            same.append(frame)
    return [frame for same in kept.values() for frame in same]
