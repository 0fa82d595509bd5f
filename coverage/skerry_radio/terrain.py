"""Paths over terrain: line of sight, Fresnel clearance, knife edges (KINDS-propagation).

Heights in metres above sea level along equal steps; antenna heights above ground. `k` is the effective-Earth factor,
None a flat Earth. The radio-frequency emulator and coverage planning use these.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from skerry_radio.errors import RadioRefused
from skerry_radio.path_loss import fspl_db, wavelength_m

__all__ = [
    "EARTH_RADIUS_M",
    "STANDARD_K",
    "Bullington",
    "Fresnel",
    "LineOfSight",
    "Obstruction",
    "Path",
    "bullington",
    "fresnel",
    "knife_edge_db",
    "knife_edge_nu",
    "line_of_sight",
    "path_loss_db",
]

EARTH_RADIUS_M = 6_371_000.0
STANDARD_K = 4 / 3
_CLEAR_SHARE = 0.6  # of the first zone: above it a path counts as free
_NO_LOSS_NU = -0.78


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A terrain profile with two antennas; a None height is unknown ground."""

    step_m: float
    heights_m: Sequence[float | None]
    tx_height_m: float
    rx_height_m: float
    k: float | None = STANDARD_K

    @property
    def length_m(self) -> float:
        """Horizontal length of the path."""
        return self.step_m * (len(self.heights_m) - 1)

    def checked(self) -> tuple[list[float], float, float]:
        """Return ground heights and the two antennas' heights above sea level.

        Raises `RadioRefused` path_distance, terrain_unknown, height, k, in that order.
        """
        if len(self.heights_m) < 2 or self.step_m <= 0:
            raise RadioRefused("path_distance", "a path has at least two heights and a step above 0")
        ground = [height for height in self.heights_m if height is not None]
        if len(ground) != len(self.heights_m):
            raise RadioRefused("terrain_unknown", "unknown ground is never taken for sea level")
        if self.tx_height_m < 0 or self.rx_height_m < 0:
            raise RadioRefused("height", "an antenna stands below ground")
        _check_k(self.k)
        return ground, ground[0] + self.tx_height_m, ground[-1] + self.rx_height_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresnel:
    """One obstacle against one Fresnel zone; negative clearance = blocked."""

    radius_m: float
    bulge_m: float
    line_height_m: float
    clearance_m: float
    ratio: float
    clear_60: bool


def fresnel(
    *,
    tx_height_m: float,
    rx_height_m: float,
    obstacle_height_m: float,
    d1_m: float,
    d2_m: float,
    frequency_hz: int,
    k: float | None,
    zone: int = 1,
) -> Fresnel:
    """Return zone radius and clearance at an obstacle; heights above sea level (ITU-R P.526 section 2.1).

    Raises `RadioRefused` distance, frequency, k, zone.
    """
    if d1_m <= 0 or d2_m <= 0:
        raise RadioRefused("distance", "the obstacle lies between the antennas")
    wavelength = wavelength_m(frequency_hz)
    _check_k(k)
    if zone < 1:
        raise RadioRefused("zone", f"zones count from 1, got {zone}")
    first = math.sqrt(wavelength * d1_m * d2_m / (d1_m + d2_m))
    bulge = _bulge_m(d1_m, d2_m, k)
    line = (tx_height_m * d2_m + rx_height_m * d1_m) / (d1_m + d2_m)
    clearance = line - obstacle_height_m - bulge
    return Fresnel(
        radius_m=math.sqrt(zone * wavelength * d1_m * d2_m / (d1_m + d2_m)),
        bulge_m=bulge,
        line_height_m=line,
        clearance_m=clearance,
        ratio=clearance / first,
        clear_60=clearance >= _CLEAR_SHARE * first,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstruction:
    """The first point that reaches into the demanded clearance."""

    index: int
    distance_m: float
    excess_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfSight:
    """Whether two antennas see each other, and the narrowest point (None without points between)."""

    visible: bool
    first_obstruction: Obstruction | None
    min_clearance_m: float | None
    min_clearance_index: int | None


def line_of_sight(path: Path, *, frequency_hz: int | None = None, fraction: float = 0.0) -> LineOfSight:
    """Check a path for obstructions; `fraction` is the share of the first Fresnel zone that must be free.

    Raises `RadioRefused` path_distance, terrain_unknown, height, k, frequency, fraction.
    """
    ground, tx, rx = path.checked()
    if frequency_hz is not None and frequency_hz <= 0:
        raise RadioRefused("frequency", f"{frequency_hz} Hz")
    if not 0 <= fraction <= 1:
        raise RadioRefused("fraction", f"{fraction} is outside 0 to 1")
    if fraction > 0 and frequency_hz is None:
        raise RadioRefused("frequency", "a share of the Fresnel zone needs a frequency")
    length, first, narrowest = path.length_m, None, None
    for index in range(1, len(ground) - 1):
        d1, d2 = index * path.step_m, (len(ground) - 1 - index) * path.step_m
        clearance = (tx * d2 + rx * d1) / length - ground[index] - _bulge_m(d1, d2, path.k)
        wanted = fraction * math.sqrt(wavelength_m(frequency_hz) * d1 * d2 / length) if frequency_hz else 0.0
        if first is None and clearance < wanted:
            first = Obstruction(index=index, distance_m=d1, excess_m=wanted - clearance)
        if narrowest is None or clearance < narrowest[0]:
            narrowest = (clearance, index)
    return LineOfSight(
        visible=first is None,
        first_obstruction=first,
        min_clearance_m=narrowest[0] if narrowest else None,
        min_clearance_index=narrowest[1] if narrowest else None,
    )


def knife_edge_nu(*, height_m: float, d1_m: float, d2_m: float, frequency_hz: int) -> float:
    """Return the diffraction parameter of an edge above (+) or below (-) the straight line.

    Raises `RadioRefused` distance, frequency.
    """
    if d1_m <= 0 or d2_m <= 0:
        raise RadioRefused("distance", "the edge lies between the antennas")
    return height_m * math.sqrt(2 / wavelength_m(frequency_hz) * (1 / d1_m + 1 / d2_m))


def knife_edge_db(nu: float) -> float:
    """Return the loss of a single knife edge, J(nu) of ITU-R P.526-15 equation 31."""
    if nu <= _NO_LOSS_NU:
        return 0.0
    return 6.9 + 20 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullington:
    """Diffraction loss of a whole path as one equivalent edge; add it to the free-space loss."""

    line_of_sight: bool
    nu: float | None
    knife_edge_db: float
    loss_db: float


def bullington(path: Path, *, frequency_hz: int) -> Bullington:
    """Return the Bullington diffraction loss (ITU-R P.526-15 section 4.5.1).

    Raises `RadioRefused` path_distance, terrain_unknown, height, k, frequency.
    """
    ground, tx, rx = path.checked()
    wavelength = wavelength_m(frequency_hz)
    length = path.length_m
    points = [
        (index * path.step_m, ground[index] + _bulge_m(index * path.step_m, length - index * path.step_m, path.k))
        for index in range(1, len(ground) - 1)
    ]
    if not points:
        return Bullington(line_of_sight=True, nu=None, knife_edge_db=0.0, loss_db=0.0)

    def nu_at(distance: float, height: float) -> float:
        line = (tx * (length - distance) + rx * distance) / length
        return (height - line) * math.sqrt(2 * length / (wavelength * distance * (length - distance)))

    tx_slope = max((height - tx) / distance for distance, height in points)
    direct = (rx - tx) / length
    visible = tx_slope < direct
    if visible:
        nu = max(nu_at(distance, height) for distance, height in points)
    else:
        rx_slope = max((height - rx) / (length - distance) for distance, height in points)
        distance = (rx - tx + rx_slope * length) / (tx_slope + rx_slope)
        nu = nu_at(distance, tx + tx_slope * distance)
    edge = knife_edge_db(nu)
    total = edge + (1 - math.exp(-edge / 6)) * (10 + 0.02 * length / 1000)
    return Bullington(line_of_sight=visible, nu=nu, knife_edge_db=edge, loss_db=total)


def path_loss_db(path: Path, *, frequency_hz: int) -> float:
    """Return free-space loss plus diffraction over the terrain; never below 0. Raises `RadioRefused`."""
    diffraction = bullington(path, frequency_hz=frequency_hz).loss_db
    return max(0.0, fspl_db(distance_m=path.length_m, frequency_hz=frequency_hz) + diffraction)


def _check_k(k: float | None) -> None:
    if k is not None and k <= 0:
        raise RadioRefused("k", f"{k}")


def _bulge_m(d1_m: float, d2_m: float, k: float | None) -> float:
    return 0.0 if k is None else d1_m * d2_m / (2 * k * EARTH_RADIUS_M)
