"""What the server remembers of one packet forwarder: where it speaks from, how fast, and what it said lately."""

from collections import Counter
from dataclasses import dataclass, field

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.radio import DeviceState
from skerry_wire.frames import ReceivedFrame

__all__ = ["LOOPBACK", "Address", "Gateway", "device_id", "host_of"]

Address = tuple[str, int] | tuple[str, int, int, int]

DUPLICATE_WINDOW_NS = 10 * NS_PER_S  # a faulty concentrator repeats a frame at once (serial-devices 4, row 13)
REMEMBERED_FRAMES = 800  # at least; 80 frames/s for the whole window
STORM_STEP_NS = NS_PER_S // 1000  # more than 10 datagrams in 10 ms is a storm (same row); as a pace, so that...
STORM_BURST_NS = 128 * STORM_STEP_NS  # ...a backlog of so many may pass at once
LOOPBACK = "loopback"


def device_id(eui: bytes) -> str:
    """Return the stable device key of a gateway."""
    return f"gwmp:{eui.hex()}"


def host_of(source: Address) -> str:
    """Return what a gateway is pinned to: its address, all of loopback being one."""
    host = source[0].removeprefix("::ffff:")  # IPv4 on a socket for both
    if host.startswith("127.") or host == "::1":
        return LOOPBACK
    return host


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One EUI that has been heard of."""

    eui: bytes
    host: str
    told_host: str  # as the first datagram's source named it
    version: int
    heard_ns: int
    device_id: str
    state: DeviceState = DeviceState.UP
    down: Address | None = None
    down_before: Address | None = None
    refused_down: Address | None = None
    reported_ns: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    pushes: int = 0  # PUSH_DATA and frames are counted apart: a Counter would take a tenth of a datagram's time
    frames: int = 0
    _seen: dict[tuple[bytes, int, str], int] = field(default_factory=dict)
    _seen_before: dict[tuple[bytes, int, str], int] = field(default_factory=dict)
    pushes_from: Address | None = None  # while the gateway is up: where its last PUSH_DATA came from...
    source: str = ""  # ...and how frames name that
    _spent_ns: int = -STORM_BURST_NS  # when the credit for datagrams was, or will be, nothing

    def tally(self) -> Counter[str]:
        """Return everything that was counted."""
        return self.counts + Counter(push_data=self.pushes, frames=self.frames)

    def pushed_from(self, source: Address) -> None:
        """Remember where a PUSH_DATA came from. A source with port 0 is a serial port's name."""
        self.pushes_from = source
        self.source = f"udp {source[0]}:{source[1]}" if source[1] else source[0]

    def move_down(self, source: Address) -> bool:
        """Take `source` of a PULL_DATA as the way down; False when two sockets compete and this is the newcomer.

        One change is a restart or a new NAT port. Hearing the old socket again proves two forwarders with one EUI: the
        old one stays, the newcomer is refused.
        """
        if source == self.down:
            return True
        if source == self.refused_down:
            return False
        if source == self.down_before:
            self.refused_down = self.down
        self.down_before, self.down = self.down, source
        return True

    def is_storm(self, now_ns: int) -> bool:
        """Count one datagram; True while they come faster than any concentrator hears."""
        spent_ns = self._spent_ns
        spent_ns = max(spent_ns, now_ns - STORM_BURST_NS)
        if spent_ns + STORM_STEP_NS > now_ns:
            return True
        self._spent_ns = spent_ns + STORM_STEP_NS
        return False

    def is_duplicate(self, frame: ReceivedFrame, now_ns: int) -> bool:
        """Remember a frame; True when the same bytes came on the same frequency and data rate within the window."""
        key = (frame.phy, frame.frequency_hz, frame.datarate)
        first_ns = self._seen.get(key, self._seen_before.get(key))
        if first_ns is not None and now_ns - first_ns < DUPLICATE_WINDOW_NS:
            return True
        self._seen[key] = now_ns
        if len(self._seen) >= REMEMBERED_FRAMES:
            self._seen_before, self._seen = self._seen, {}
        return False
