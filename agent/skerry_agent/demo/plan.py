"""Who lives in the demo's neighbourhood: places, keys, radios and the four planted frauds, all from one seed.

Pure: the same seed always gives the same plan. Keys come from the seed here and nowhere else (DESIGN, Time).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from skerry_core.errors import UsageError
from skerry_keys.software import SoftwareSigner

__all__ = ["CENTRE", "Fraud", "NeighbourhoodPlan", "PlannedHotspot", "RadioKind", "plan_neighbourhood"]

CENTRE = (58.981, -2.960)  # Kirkwall, Orkney: islands and skerries, and the EU868 band
REGION = "EU868"
CELL_RESOLUTION = 12  # what Helium asserts
SMALLEST = 12  # ten packet forwarders, two serial radios
LARGEST = 200
NEAREST_CELLS = 20  # at resolution 11, well beyond the minimum distance of 8
RINGS_KM = (1.2, 6.0)  # hotspots live between these distances from the centre


class RadioKind(StrEnum):
    """How a planned hotspot's radio is attached."""

    GWMP = "gwmp"
    WIO_E5 = "wio-e5"
    RAK3172 = "rak3172"


class Fraud(StrEnum):
    """What is wrong with a planned hotspot."""

    TOO_CLOSE = "too_close"  # a second hotspot next to the first, to witness itself
    NOT_ADMITTED = "not_admitted"  # reports without having been registered


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHotspot:
    """One hotspot of the plan."""

    number: int
    gateway: SoftwareSigner
    owner: SoftwareSigner
    cell: str
    radio: RadioKind
    eui: bytes
    gain_ddbi: int
    height_m: int
    fraud: Fraud | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourhoodPlan:
    """The whole neighbourhood and the operator's keys by role."""

    seed: int
    region: str
    hotspots: tuple[PlannedHotspot, ...]
    operator_keys: dict[str, SoftwareSigner]

    def of_fraud(self, fraud: Fraud) -> PlannedHotspot:
        """Return the hotspot that this fraud was planted with."""
        return next(hotspot for hotspot in self.hotspots if hotspot.fraud is fraud)


def plan_neighbourhood(*, hotspots: int, seed: int) -> NeighbourhoodPlan:
    """Plan `hotspots` hotspots. Raises `UsageError` E_DEMO_SIZE for fewer than 12 or more than 200."""
    if not SMALLEST <= hotspots <= LARGEST:
        raise UsageError(
            "E_DEMO_SIZE",
            f"The demo runs with {SMALLEST} to {LARGEST} hotspots, not {hotspots}.",
            remedy=f"Use --hotspots {SMALLEST} or leave it out.",
            params={"hotspots": hotspots},
        )
    random = Random(f"neighbourhood {seed}")  # noqa: S311 - a simulation must repeat itself
    cells = _cells(hotspots, random)
    planned = tuple(_hotspot(number, cell, hotspots, seed, random) for number, cell in enumerate(cells))
    roles = ("oracle", "payer", "mint_authority", "data_payer", "attacker")
    return NeighbourhoodPlan(
        seed=seed,
        region=REGION,
        hotspots=planned,
        operator_keys={role: key_from_seed(seed, f"operator {role}") for role in roles},
    )


def key_from_seed(seed: int, name: str) -> SoftwareSigner:
    """Return a key that this seed and name determine."""
    return SoftwareSigner.from_seed(hashlib.sha256(f"skerry demo {seed} {name}".encode()).digest())


def _hotspot(number: int, cell: str, count: int, seed: int, random: Random) -> PlannedHotspot:
    radio = {count - 2: RadioKind.WIO_E5, count - 1: RadioKind.RAK3172}.get(number, RadioKind.GWMP)
    fraud = {1: Fraud.TOO_CLOSE, 2: Fraud.NOT_ADMITTED}.get(number)
    return PlannedHotspot(
        number=number,
        gateway=key_from_seed(seed, f"gateway {number}"),
        owner=key_from_seed(seed, f"owner {number}"),
        cell=cell,
        radio=radio,
        eui=bytes.fromhex("5ce1e7") + hashlib.sha256(f"{seed} eui {number}".encode()).digest()[:5],
        gain_ddbi=random.choice((12, 30, 58)),
        height_m=random.choice((6, 9, 12, 18)),
        fraud=fraud,
    )


def _cells(count: int, random: Random) -> list[str]:
    """Return a place for each hotspot; number 1 stands in the garden of number 0, all others keep their distance."""
    import h3

    places: list[str] = []
    while len(places) < count:
        if len(places) == 1:
            neighbours = sorted(h3.grid_ring(places[0], 4))
            places.append(neighbours[random.randrange(len(neighbours))])
            continue
        cell = _random_cell(random)
        others = (h3.cell_to_parent(place, 11) for place in places)
        if all(_apart(h3.cell_to_parent(cell, 11), other) for other in others):
            places.append(cell)
    return places


def _random_cell(random: Random) -> str:
    import math

    import h3

    near_km, far_km = RINGS_KM
    # The square root spreads places evenly over the ring's area.
    distance_km = math.sqrt(random.uniform(near_km**2, far_km**2))
    bearing = random.uniform(0, 2 * math.pi)
    lat = CENTRE[0] + distance_km / 111.2 * math.cos(bearing)
    lon = CENTRE[1] + distance_km / (111.2 * math.cos(math.radians(CENTRE[0]))) * math.sin(bearing)
    return str(h3.latlng_to_cell(lat, lon, CELL_RESOLUTION))


def _apart(a: str, b: str) -> bool:
    import h3

    return bool(h3.grid_distance(a, b) >= NEAREST_CELLS)
