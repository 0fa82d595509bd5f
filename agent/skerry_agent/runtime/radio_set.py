"""The radios of one hotspot: which have been seen, which are up, and which one a downlink belongs to."""

from collections import deque

from skerry_firmware_bridge.radio import Radio
from skerry_wire.frames import ReceivedFrame

__all__ = ["RadioSet"]

REMEMBERED_UPLINKS = 512  # of the last 15 s, the longest delay of a receive window, even at 30 frames/s
WRAP_US = 1 << 32
STEP_US = 1_000_000  # a receive window opens a whole number of seconds after its uplink
LONGEST_US = 16 * STEP_US


class RadioSet:
    """Filled by the radios' state changes (`up`, `down`) and by received frames (`heard`)."""

    def __init__(self) -> None:
        self._up: dict[str, Radio] = {}  # in the order they came
        self._seen: dict[str, None] = {}
        self._uplinks: deque[tuple[str, int]] = deque(maxlen=REMEMBERED_UPLINKS)

    @property
    def first(self) -> Radio | None:
        """The radio that beacons go out by: of those that are up, the one that has been up longest.

        One that can only send downlinks is the last resort: the gate then tells why there are no beacons.
        """
        return min(self._up.values(), key=lambda radio: radio.traits.downlinks_only, default=None)

    @property
    def seen(self) -> tuple[str, ...]:
        """The ids of all radios that are or were up, or that the settings name."""
        return tuple(self._seen)

    def expect(self, device_id: str) -> None:
        """Count a radio that the settings name as one of this hotspot before it has been heard."""
        self._seen[device_id] = None

    def up(self, radio: Radio) -> None:
        """Take note of a radio that works."""
        self._seen[radio.device_id] = None
        self._up.setdefault(radio.device_id, radio)

    def down(self, device_id: str) -> None:
        """Take note of a radio that is gone."""
        self._seen[device_id] = None
        self._up.pop(device_id, None)

    def forget(self, device_id: str) -> None:
        """Let go of a radio that is gone for good."""
        self._up.pop(device_id, None)
        self._seen.pop(device_id, None)

    def heard(self, device_id: str, frame: ReceivedFrame) -> None:
        """Remember the counter value of a frame, for the downlink that may answer it."""
        self._uplinks.append((device_id, frame.tmst_us))

    def for_window(self, tmst_us: int | None) -> Radio | None:
        """Return the radio whose counter a receive window is stated in; the first one when nothing tells."""
        if tmst_us is None:
            return self.first
        for device_id, heard_us in reversed(self._uplinks):
            delay_us = (tmst_us - heard_us) % WRAP_US
            if 0 < delay_us < LONGEST_US and delay_us % STEP_US == 0 and device_id in self._up:
                return self._up[device_id]
        return self.first
