"""What the agent sees of any radio: frames and state changes as events, one way to send."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from skerry_wire.frames import ReceivedFrame, TransmitOutcome, TransmitRequest

__all__ = [
    "DeviceEvent",
    "DeviceForgotten",
    "DeviceState",
    "DeviceTrouble",
    "EventSink",
    "FrameHeard",
    "Radio",
    "RadioTraits",
    "StateChanged",
    "StatusReported",
    "frame_heard",
]


class DeviceState(Enum):
    """Up, down, or honestly unknown."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """Something that happened on a device; `device_id` is its stable link key."""

    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHeard(DeviceEvent):
    """A radio received a frame (also one that is dropped later: the reason belongs to the packet path)."""

    frame: ReceivedFrame


class _Hearing(DeviceEvent):
    """A `FrameHeard` in the making: its constructor would take a tenth of all the time that a datagram takes."""

    __slots__ = ("frame",)
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__  # both, or neither takes the short way
    frame: ReceivedFrame


def frame_heard(device_id: str, frame: ReceivedFrame) -> FrameHeard:
    """Return `FrameHeard(device_id=device_id, frame=frame)` in a quarter of the time, for the busiest path."""
    event = object.__new__(_Hearing)
    event.device_id = device_id  # type: ignore[misc]  # not frozen yet
    event.frame = frame
    event.__class__ = FrameHeard  # type: ignore[assignment]  # equal slots
    return event  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(DeviceEvent):
    """A device came, went, or fell silent, or there is another reason why it does not work.

    `reason` is a sentence or two for people, what to do included. `refusal` is the code of why its port cannot be
    opened, where a person has to mend that. `is_known` is False for a gateway that nobody has named and that is new
    here. `is_echo`: it follows from the change of another device, which tells it to people.
    """

    state: DeviceState
    reason: str
    wall_ns: int
    refusal: str = ""
    is_known: bool = True
    is_echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceForgotten(DeviceEvent):
    """A gateway that nobody has named, and that went, gives way to others: whatever is kept under its id goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported(DeviceEvent):
    """Counters and readings that a device sent by itself or on request, by their field names with units."""

    values: dict[str, int | float | str | None]
    wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTrouble(DeviceEvent):
    """Something that a person should look at; `code` is stable (`second_source`), `detail` is one sentence."""

    code: str
    detail: str
    wall_ns: int


EventSink = Callable[[DeviceEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioTraits:
    """What the hardware can do; `has_lbt` = listen before talk, which KR920 demands.

    `downlinks_only`: every frame goes out with inverted chirps, which devices hear and gateways do not: no beacons.
    """

    kind: str  # "gwmp", "station", "wio-e5", "rak3172"
    can_transmit: bool
    has_lbt: bool = False
    downlinks_only: bool = False


class Radio(ABC):
    """A radio that can send. Never call `send` directly: `skerry_firmware_bridge.transmit.TransmitGate` does."""

    device_id: str
    traits: RadioTraits

    @abstractmethod
    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        """Put one frame on the air and return what the radio said. Raises `LinkLost`, `DeviceTimeout`."""
