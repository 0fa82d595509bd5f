"""Synthetic ground for the RF medium: rolling hills made from a seed, the same everywhere and always for one seed.

Value noise in three octaves on a grid of degrees; nothing is stored, so any place on Earth has a height.
"""

import math
from dataclasses import dataclass
from hashlib import blake2b

from skerry_radio.terrain import EARTH_RADIUS_M, Path

__all__ = ["Landscape", "Place", "distance_m"]

_OCTAVES = ((0.05, 1.0), (0.017, 0.4), (0.006, 0.15))  # (degrees between grid points, share of the relief)
LONGEST_STEP_M = 100.0
MOST_STEPS = 256  # a 100 km path needs no finer sampling than 400 m here


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An antenna: degrees, and metres above ground."""

    lat: float
    lon: float
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """Hills of `relief_m` between lowest and highest ground, typically; 0 is a plain."""

    seed: int
    relief_m: float = 60.0

    def ground_m(self, lat: float, lon: float) -> float:
        """Return the ground's height above sea level."""
        share = sum(
            weight * self._noise(lat / grid, lon / grid, number) for number, (grid, weight) in enumerate(_OCTAVES)
        )
        return self.relief_m * share / sum(weight for _, weight in _OCTAVES)

    def path(self, sender: Place, receiver: Place) -> Path:
        """Return the terrain profile between two places that are not the same."""
        length_m = distance_m(sender, receiver)
        steps = min(MOST_STEPS, max(2, math.ceil(length_m / LONGEST_STEP_M)))
        heights = [
            self.ground_m(
                sender.lat + (receiver.lat - sender.lat) * step / steps,
                sender.lon + (receiver.lon - sender.lon) * step / steps,
            )
            for step in range(steps + 1)
        ]
        return Path(
            step_m=length_m / steps, heights_m=heights, tx_height_m=sender.height_m, rx_height_m=receiver.height_m
        )

    def _noise(self, x: float, y: float, octave: int) -> float:
        column, row = math.floor(x), math.floor(y)
        u, v = _smooth(x - column), _smooth(y - row)
        near = _mix(self._corner(column, row, octave), self._corner(column + 1, row, octave), u)
        far = _mix(self._corner(column, row + 1, octave), self._corner(column + 1, row + 1, octave), u)
        return _mix(near, far, v)

    def _corner(self, column: int, row: int, octave: int) -> float:
        digest = blake2b(f"{self.seed}/{octave}/{column}/{row}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 0xFFFFFFFF


def distance_m(a: Place, b: Place) -> float:
    """Return the great-circle distance in metres."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b.lon - a.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def _smooth(t: float) -> float:
    return t * t * (3 - 2 * t)


def _mix(a: float, b: float, share: float) -> float:
    return a + (b - a) * share
