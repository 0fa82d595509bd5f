"""Finds weak and noisy reception: what the last half hour brought, compared with what is normal. Pure.

Strength is compared sender by sender, since the mean of all follows who happens to talk: at night only the far ones
may. Noise is taken from weak frames only, because a receiver's SNR stops at some 10 dB however strong the frame.
Broken frames count only where there are more of them than usual and good ones are missing: at night a concentrator's
ghosts are most of the little that it hears.
"""

from dataclasses import dataclass, field
from statistics import median

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.normal import HOUR_NS, MAX_SENDERS, Normal, Sender

__all__ = ["Heard", "SignalWatch"]

WINDOW_NS = 1800 * NS_PER_S
WINDOW_FRAMES = 20
WEEK_NS = 7 * 86_400 * NS_PER_S
WEIGHT_MOST = 0.2  # of one window, also after a long pause
WEAK_DB = 10.0
WEAK_SENDERS = 3  # one sender may have been moved
SENDER_FRAMES = 10  # before a sender's strength is known
MOST_FRAMES = 200  # counted of a sender: who has left gives way to new ones in the end
NOISY_DB = 8.0
NOISE_FRAMES = 10
TRUE_SNR_DB = 5.0  # above it SNR is no measure of noise
LEAST_BAD = 10  # broken frames above twice the usual number
LOST_SHARE = 0.5  # of the good frames that are usual
LEAST_EXPECTED = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One frame as the radio reported it; None where it does not say, `wall_ns` None while the clock is not believed.

    `sender` names the transmitter, for a data frame its device address.
    """

    monotonic_ns: int
    wall_ns: int | None
    crc_ok: bool
    rssi_dbm: float | None = None
    snr_db: float | None = None
    tmst_us: int | None = None
    sender: str | None = None


@dataclass(slots=True)
class _Mean:
    """Of any number of values; a flood of frames fills no memory."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def value(self) -> float:
        return self.total / self.count


@dataclass(slots=True)
class _Window:
    since_ns: int
    since_wall_ns: int | None
    frames: int = 0
    bad: int = 0
    noise: _Mean = field(default_factory=_Mean)
    senders: dict[str, _Mean] = field(default_factory=dict)


class SignalWatch:
    """`weak` and `noisy` are what the last full window showed, as sentences; empty when it was as usual."""

    def __init__(self, normal: Normal) -> None:
        self.weak = ""
        self.noisy = ""
        self._loud = ""
        self._normal = normal
        self._window: _Window | None = None
        self._closed_ns: int | None = None

    def take(self, frame: Heard) -> None:
        """Take a frame, and compare when half an hour and enough frames are together."""
        window = self._window
        if window is None:
            window = self._window = _Window(frame.monotonic_ns, frame.wall_ns)
        elif frame.monotonic_ns - window.since_ns >= WINDOW_NS and window.frames >= WINDOW_FRAMES:
            self._close(window, frame)
            few = window.noise if window.noise.count < NOISE_FRAMES else _Mean()  # weak frames may be rare
            window = self._window = _Window(frame.monotonic_ns, frame.wall_ns, noise=few)
        window.frames += 1
        window.bad += not frame.crc_ok
        if frame.rssi_dbm is None:
            return
        if frame.snr_db is not None and frame.snr_db <= TRUE_SNR_DB:
            window.noise.add(frame.rssi_dbm - max(frame.snr_db, 0.0))
        if frame.crc_ok and frame.sender is not None:
            strengths = window.senders.get(frame.sender)
            if strengths is None and len(window.senders) < MAX_SENDERS:
                strengths = window.senders[frame.sender] = _Mean()
            if strengths is not None:
                strengths.add(frame.rssi_dbm)

    def forget(self) -> None:
        """Begin a new window: the radio was away."""
        self._window = None

    def _close(self, window: _Window, frame: Heard) -> None:
        age_ns = WINDOW_NS if self._closed_ns is None else frame.monotonic_ns - self._closed_ns
        self._closed_ns = frame.monotonic_ns
        weight = min(WEIGHT_MOST, age_ns / WEEK_NS)
        self.weak = self._strength(window, weight)
        if window.noise.count >= NOISE_FRAMES:
            self._loud = self._noise(window, weight)
        self.noisy = self._broken(window, frame, weight) or self._loud

    def _strength(self, window: _Window, weight: float) -> str:
        shifts = []
        for name, strengths in window.senders.items():
            rssi_dbm, usual = strengths.value, self._sender(name)
            if usual is None:
                continue
            if usual.frames >= SENDER_FRAMES:
                shifts.append(rssi_dbm - usual.rssi_dbm)
            known = usual.frames
            usual.frames = min(known + strengths.count, MOST_FRAMES)
            first = strengths.count / usual.frames if known < SENDER_FRAMES else 0.0  # the plain mean, to begin with
            usual.rssi_dbm += (rssi_dbm - usual.rssi_dbm) * max(weight, first)
        if len(shifts) < WEAK_SENDERS or -median(shifts) < WEAK_DB:
            return ""
        return f"{len(shifts)} senders come in {-median(shifts):.0f} dB weaker than usual: check antenna and cable."

    def _sender(self, name: str) -> Sender | None:
        """Return what is known of a sender; a new one takes the place of the least known."""
        senders = self._normal.senders
        usual = senders.get(name)
        if usual is None:
            if len(senders) >= MAX_SENDERS:
                least = min(senders, key=lambda other: senders[other].frames)
                senders[least].frames -= 1
                if senders[least].frames > 0:
                    return None
                del senders[least]
            usual = senders[name] = Sender(rssi_dbm=0.0)
        return usual

    def _noise(self, window: _Window, weight: float) -> str:
        noise_dbm, usual_dbm = window.noise.value, self._normal.noise_dbm
        self._normal.noise_dbm = noise_dbm if usual_dbm is None else usual_dbm + (noise_dbm - usual_dbm) * weight
        if usual_dbm is None or noise_dbm - usual_dbm < NOISY_DB:
            return ""
        return f"The noise is {noise_dbm - usual_dbm:.0f} dB above normal: something near disturbs the band."

    def _broken(self, window: _Window, frame: Heard, weight: float) -> str:
        hours = (frame.monotonic_ns - window.since_ns) / HOUR_NS
        rate, usual = window.bad / hours, self._normal.bad_per_hour
        self._normal.bad_per_hour = rate if usual is None else usual + (rate - usual) * weight
        if usual is None or window.since_wall_ns is None or frame.wall_ns is None:
            return ""
        expected, good = self._normal.expected(window.since_wall_ns, frame.wall_ns), window.frames - window.bad
        if window.bad < LEAST_BAD + 2 * usual * hours or expected < LEAST_EXPECTED or good > LOST_SHARE * expected:
            return ""
        return (
            f"{window.bad} broken frames came where about {usual * hours:.0f} are usual, and {good} good ones where "
            f"about {expected:.0f} are: something disturbs the band, or the antenna's cable is loose."
        )
