"""What the server remembers of one packet forwarder: where it speaks from, how fast, and what it said lately."""

from collections import Counter, deque
from dataclasses import dataclass, field

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble
from skerry_wire.frames import ReceivedFrame

__all__ = ["KEEPALIVE_S", "LOOPBACK", "Address", "Gateway", "device_id", "host_of", "too_many"]

Address = tuple[str, int] | tuple[str, int, int, int]

DUPLICATE_WINDOW_NS = 10 * NS_PER_S  # a faulty concentrator repeats a frame at once (serial-devices 4, row 13)
REMEMBERED_FRAMES = 800  # at least; 80 frames/s for the whole window
REPORT_EVERY_NS = 60 * NS_PER_S  # the same trouble of the same gateway is told once a minute
KEEPALIVE_S = 10  # what forwarders ship with, until one has shown its own
SHORTEST_KEEPALIVE_S = 5  # what the forwarder's code begins with; a faster one need not be watched more closely
LONGEST_KEEPALIVE_NS = 60 * NS_PER_S
MISSED = 3  # keepalives, after which a forwarder counts as silent (serial-devices 4, row 23)
STORM_STEP_NS = NS_PER_S // 1000  # more than 10 datagrams in 10 ms is a storm (same row); as a pace, so that...
STORM_BURST_NS = 128 * STORM_STEP_NS  # ...a backlog of so many may pass at once
LOOPBACK = "this computer"


def device_id(eui: bytes) -> str:
    """Return the stable device key of a gateway."""
    return f"gwmp:{eui.hex()}"


def host_of(source: Address) -> str:
    """Return what a gateway is pinned to: its address, all of loopback being one."""
    host = source[0].removeprefix("::ffff:")  # IPv4 on a socket for both
    if host.startswith("127.") or host == "::1":
        return LOOPBACK
    return host


def too_many(eui: bytes, source: Address) -> str:
    """Return what is told of a gateway that `guests` do not let in. A source with port 0 is a serial port's name."""
    told = (
        f"New gateways keep coming that nobody has named, such as {eui.hex()} from {source[0]}: for now only those are "
        "let in that are known here. Look for a program or a device that invents EUIs"
    )
    if not source[1]:
        return f"{told}."
    return (
        f"{told}; one that is yours is let in once gwmp.gateways has {eui.hex()}@{source[0]}: then restart the agent."
    )


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One EUI that has been heard of."""

    eui: bytes
    host: str
    told_host: str  # as the first datagram's source named it
    version: int
    heard_ns: int
    pulled_ns: int  # when it asked for downlinks last; at first, when it was met
    keepalive_ns: int
    shortest_keepalive_ns: int
    device_id: str
    state: DeviceState = DeviceState.UP
    down: Address | None = None
    down_before: Address | None = None
    refused_down: Address | None = None
    checked_pull_ns: int = 0
    told_no_pull: bool = False  # that it asks for downlinks no more
    reported_ns: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    pushes: int = 0  # PUSH_DATA and frames are counted apart: a Counter would take a tenth of a datagram's time
    frames: int = 0
    extra_names: set[str] = field(default_factory=set)  # of values in its statistics that only some forwarders send
    _seen: dict[int, int] = field(default_factory=dict)  # by hash, since the frames of many gateways take much memory
    _seen_before: dict[int, int] = field(default_factory=dict)
    pushes_from: Address | None = None  # while the gateway is up: where its last PUSH_DATA came from...
    source: str = ""  # ...and how frames name that
    _pull_gaps_ns: deque[int] = field(default_factory=lambda: deque(maxlen=3))
    _spent_ns: int = -STORM_BURST_NS  # when the credit for datagrams was, or will be, nothing

    @property
    def patience_ns(self) -> int:
        """How long it may be silent."""
        return MISSED * self.keepalive_ns

    def next_deadline_ns(self) -> int:
        """Return when its silence has to be looked at next."""
        if self.state is not DeviceState.UP:
            return self.heard_ns + 2 * self.patience_ns
        silent_ns = self.heard_ns + self.patience_ns
        if self.told_no_pull and self.down is None:
            return silent_ns
        missed_ns = self.pulled_ns + (2 if self.told_no_pull else 1) * self.patience_ns
        return min(silent_ns, max(missed_ns, self.checked_pull_ns + self.keepalive_ns))

    def misses_pull(self, now_ns: int) -> bool:
        """Return whether it has gone on reporting for the time in which three PULL_DATA should have come."""
        self.checked_pull_ns = now_ns
        return self.heard_ns - self.pulled_ns >= self.patience_ns

    def pulled(self, now_ns: int) -> None:
        """Take note of a PULL_DATA; of the last three pauses the middle one is the forwarder's keepalive period."""
        if self.counts["pull_data"] > 1:
            self._pull_gaps_ns.append(now_ns - self.pulled_ns)
        if len(self._pull_gaps_ns) == self._pull_gaps_ns.maxlen:
            middle_ns = sorted(self._pull_gaps_ns)[1]
            self.keepalive_ns = min(max(middle_ns, self.shortest_keepalive_ns), LONGEST_KEEPALIVE_NS)
        self.pulled_ns = now_ns
        self.told_no_pull = False

    def forget_way_down(self) -> None:
        """Send nothing any more until it asks again."""
        self.down = self.down_before = self.refused_down = None

    def trouble(self, code: str, detail: str, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Count a trouble; return the event that tells it, nothing within a minute of the last."""
        self.counts[code] += 1
        told_ns = self.reported_ns.get(code)
        if told_ns is not None and now_ns - told_ns < REPORT_EVERY_NS:
            return []
        self.reported_ns[code] = now_ns
        return [DeviceTrouble(device_id=self.device_id, code=code, detail=detail, wall_ns=wall_ns)]

    def raised_power(self, asked_dbm: int, used_dbm: int | None, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Tell of a forwarder that has sent louder than it was asked to, as its gain table has nothing as low."""
        if used_dbm is None or used_dbm <= asked_dbm:
            return []
        detail = (
            f"It was asked to send with {asked_dbm} dBm, the most that region and antenna allow, and has sent with "
            f"{used_dbm} dBm: add lower powers to tx_gain_lut in its configuration and restart it."
        )
        return self.trouble("power_raised", detail, now_ns=now_ns, wall_ns=wall_ns)

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
        key = hash((frame.phy, frame.frequency_hz, frame.datarate))  # 64 bits, of bytes with a secret
        first_ns = self._seen.get(key, self._seen_before.get(key))
        if first_ns is not None and now_ns - first_ns < DUPLICATE_WINDOW_NS:
            return True
        self._seen[key] = now_ns
        if len(self._seen) >= REMEMBERED_FRAMES:
            self._seen_before, self._seen = self._seen, {}
        return False
