"""What a map picture shows, as plain values."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["LinkVerdict", "MapHotspot", "MapPicture", "WitnessLink"]


class LinkVerdict(Enum):
    """How the witness reports of a link were judged."""

    VALID = "valid, counted"
    SURPLUS = "valid, not counted"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapHotspot:
    """One hotspot; `cell` is its asserted H3 index, `admitted` whether the operator judges its reports."""

    name: str
    cell: int
    admitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLink:
    """One hotspot heard another; `beaconer` and `witness` are positions in `MapPicture.hotspots`."""

    beaconer: int
    witness: int
    verdict: LinkVerdict
    reason: str | None = None  # of an invalid link, as the protocol names it
    reports: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPicture:
    """A whole picture. `note` is one line under the title, such as that all tokens are test tokens."""

    title: str
    note: str
    hotspots: tuple[MapHotspot, ...]
    links: tuple[WitnessLink, ...]
