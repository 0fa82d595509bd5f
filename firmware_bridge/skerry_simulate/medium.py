"""The air between simulated radios: who hears a frame, how strong, and what is lost to noise and collisions.

Everything follows from the seed, the stations and the simulated time of each transmission; the order in which tasks run
does not matter, because every random value is drawn from a hash that names its purpose.

Physics: free-space loss plus diffraction over the landscape (skerry_radio), clutter and shadowing per pair, fading per
frame, thermal noise, the demodulation floor per spreading factor, capture among frames that overlap.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from statistics import NormalDist

from skerry_core.clock import Clock
from skerry_radio.lora import Datarate, airtime_us
from skerry_radio.path_loss import fspl_db
from skerry_radio.terrain import path_loss_db
from skerry_simulate.landscape import Landscape, Place, distance_m

__all__ = ["AirFrame", "Reception", "RfMedium", "Station"]

NOISE_FIGURE_DB = 6.0  # typical of concentrators and transceivers
THERMAL_DBM_HZ = -174.0
BEST_SNR_DB = 15.0  # LoRa receivers report no more, however strong the signal
CAPTURE_DB = 6.0  # a frame survives a weaker one of the same spreading factor by at least this
OTHER_SF_DB = -16.0  # and one of another spreading factor that is at most this much stronger
CLUTTER_DB = 8.0  # buildings and trees that the landscape does not show
SHADOWING_DB = 4.0
FADING_DB = 1.5
NEAREST_M = 10.0
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class AirFrame:
    """One transmission; times are the simulated clock's monotonic nanoseconds."""

    sender: str
    phy: bytes
    frequency_hz: int
    datarate: Datarate
    eirp_dbm: float
    inverted: bool
    start_ns: int
    end_ns: int

    def overlaps(self, other: "AirFrame") -> bool:
        """Return whether both are on the air at one moment on one frequency."""
        return self.frequency_hz == other.frequency_hz and self.start_ns < other.end_ns and other.start_ns < self.end_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """A frame as one station hears it: `signal_dbm` of the frame alone, `rssi_dbm` of signal and noise."""

    frame: AirFrame
    signal_dbm: float
    rssi_dbm: float
    snr_db: float


@dataclass(slots=True, kw_only=True)
class Station:
    """A radio in the medium. `listens` says whether it is tuned to a frame; None = it never receives."""

    name: str
    place: Place
    gain_dbi: float
    listens: Callable[[AirFrame], bool] | None
    on_frame: Callable[[Reception], None] | None
    sent: list[AirFrame] = field(default_factory=list)


class RfMedium:
    """All stations of one simulation. Distances and antenna heights decide; see the module's head for the physics."""

    def __init__(self, *, clock: Clock, seed: int, landscape: Landscape | None = None) -> None:
        self.heard = 0
        self.lost: dict[str, int] = {"noise": 0, "collision": 0, "half_duplex": 0}
        self._clock = clock
        self._seed = seed
        self._landscape = landscape or Landscape(seed=seed)
        self._stations: dict[str, Station] = {}
        self._on_air: list[AirFrame] = []
        self._losses: dict[tuple[str, str, int], float] = {}

    def add(
        self,
        *,
        name: str,
        cell: str,
        gain_dbi: float = 1.2,
        height_m: float = 10.0,
        listens: Callable[[AirFrame], bool] | None = lambda frame: not frame.inverted,
        on_frame: Callable[[Reception], None] | None = None,
    ) -> Station:
        """Put a station at the centre of an H3 cell. Raises `ValueError` for a name that is taken."""
        import h3.api.basic_str as h3

        lat, lon = h3.cell_to_latlng(cell)
        if name in self._stations:
            raise ValueError(f"a station named {name} exists")
        place = Place(lat=lat, lon=lon, height_m=height_m)
        station = Station(name=name, place=place, gain_dbi=gain_dbi, listens=listens, on_frame=on_frame)
        self._stations[name] = station
        return station

    def transmit(
        self, station: Station, *, phy: bytes, frequency_hz: int, datarate: str, power_dbm: float, inverted: bool
    ) -> AirFrame:
        """Put a frame on the air now; others hear it when it ends. Raises `RadioRefused` for an unknown data rate."""
        rate = Datarate.parse(datarate)
        start_ns = self._clock.monotonic_ns()
        frame = AirFrame(
            sender=station.name,
            phy=phy,
            frequency_hz=frequency_hz,
            datarate=rate,
            eirp_dbm=power_dbm + station.gain_dbi,
            inverted=inverted,
            start_ns=start_ns,
            end_ns=start_ns + airtime_us(rate, len(phy)) * 1000,
        )
        self._on_air.append(frame)
        station.sent.append(frame)
        self._clock.call_at(frame.end_ns, lambda: self._land(frame))
        return frame

    def loss_db(self, a: Station, b: Station, frequency_hz: int) -> float:
        """Return the loss between two stations without fading; the same both ways, never below free space."""
        first, second = sorted((a.name, b.name))
        key = (first, second, frequency_hz // 1_000_000)
        if key not in self._losses:
            self._losses[key] = self._compute_loss_db(self._stations[first], self._stations[second], frequency_hz)
        return self._losses[key]

    def _compute_loss_db(self, a: Station, b: Station, frequency_hz: int) -> float:
        length_m = distance_m(a.place, b.place)
        free_db = fspl_db(distance_m=max(length_m, NEAREST_M), frequency_hz=frequency_hz)
        if length_m < NEAREST_M:
            return free_db
        ground_db = path_loss_db(self._landscape.path(a.place, b.place), frequency_hz=frequency_hz)
        shadow_db = CLUTTER_DB + SHADOWING_DB * self._normal("shadow", a.name, b.name)
        return max(free_db, ground_db + shadow_db)

    def _land(self, frame: AirFrame) -> None:
        """Decide at a frame's end who has heard it."""
        for name in sorted(self._stations):
            station = self._stations[name]
            if name == frame.sender or station.listens is None or not station.listens(frame):
                continue
            reception = self._receive(station, frame)
            if reception is None:
                continue
            self.heard += 1
            if station.on_frame is not None:
                station.on_frame(reception)
        self._forget(frame.end_ns)

    def _receive(self, station: Station, frame: AirFrame) -> Reception | None:
        if any(own.start_ns < frame.end_ns and frame.start_ns < own.end_ns for own in station.sent):
            self.lost["half_duplex"] += 1
            return None
        signal_dbm = self._signal_dbm(station, frame)
        noise_dbm = THERMAL_DBM_HZ + 10 * math.log10(frame.datarate.bandwidth_khz * 1000) + NOISE_FIGURE_DB
        snr_db = signal_dbm - noise_dbm
        if snr_db < -5 - 2.5 * (frame.datarate.spreading_factor - 6):  # demodulation floor (iot-poc 4.4)
            self.lost["noise"] += 1
            return None
        if any(not self._survives(station, frame, signal_dbm, other) for other in self._on_air if other is not frame):
            self.lost["collision"] += 1
            return None
        both_dbm = 10 * math.log10(10 ** (signal_dbm / 10) + 10 ** (noise_dbm / 10))
        return Reception(
            frame=frame, signal_dbm=signal_dbm, rssi_dbm=both_dbm, snr_db=round(min(snr_db, BEST_SNR_DB), 1)
        )

    def _survives(self, station: Station, frame: AirFrame, signal_dbm: float, other: AirFrame) -> bool:
        if other.sender == station.name or not frame.overlaps(other):
            return True
        margin_db = CAPTURE_DB if other.datarate == frame.datarate else OTHER_SF_DB
        return signal_dbm - self._signal_dbm(station, other) >= margin_db

    def _signal_dbm(self, station: Station, frame: AirFrame) -> float:
        sender = self._stations[frame.sender]
        digest = blake2b(frame.phy, digest_size=8).hexdigest()
        fading_db = FADING_DB * abs(self._normal("fade", frame.sender, station.name, digest, str(frame.start_ns)))
        return frame.eirp_dbm + station.gain_dbi - self.loss_db(sender, station, frame.frequency_hz) - fading_db

    def _forget(self, now_ns: int) -> None:
        """Drop frames that overlap nothing which is still on the air."""
        oldest_ns = min((frame.start_ns for frame in self._on_air if frame.end_ns >= now_ns), default=now_ns)
        self._on_air = [frame for frame in self._on_air if frame.end_ns > oldest_ns]
        for station in self._stations.values():
            if station.sent:
                station.sent = [frame for frame in station.sent if frame.end_ns > oldest_ns]

    def _normal(self, *names: str) -> float:
        digest = blake2b("/".join((str(self._seed), *names)).encode(), digest_size=8).digest()
        share = (int.from_bytes(digest, "big") + 0.5) / 2**64
        return _STANDARD.inv_cdf(share)
