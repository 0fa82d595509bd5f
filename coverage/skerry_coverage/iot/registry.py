"""What the rules know about hotspots: asserted location and capability, and the times kept between beacons."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Asserted", "Gateway", "KeptTimes", "Registry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """A hotspot's asserted place: H3 cell, region, antenna gain in tenths of dBi, height above ground in metres."""

    cell: int
    region: str
    gain_ddbi: int
    elevation_m: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A registered hotspot; `full` = may take part in proofs, `asserted` None = no location yet."""

    full: bool
    asserted: Asserted | None


Registry = Mapping[bytes, Gateway]  # by public key binary; an absent key is unknown


@dataclass(slots=True, kw_only=True)  # not frozen: one is made per report, and freezing costs 1 us each
class KeptTimes:
    """What a verifier keeps per gateway, in Unix milliseconds: the inputs of interval and reciprocity rules.

    Never changed once made; a new time makes a new object.
    """

    last_beacon_ms: int | None = None
    last_witness_ms: int | None = None
    last_beacon_reciprocity_ms: int | None = None
