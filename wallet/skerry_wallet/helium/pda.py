"""Program-derived addresses: SHA-256 of seeds, bump, program and a marker, off the ed25519 curve."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from skerry_wallet.helium.address import is_on_curve, to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["Pda", "derive_pda", "find_pda"]

_MARKER = b"ProgramDerivedAddress"
_MAX_SEEDS = 15  # besides the bump
_MAX_SEED_SIZE = 32
_FIRST_BUMP = 255


@dataclass(frozen=True, slots=True)
class Pda:
    """A derived address and the bump seed that made it."""

    address: str
    bump: int


@lru_cache(maxsize=1024)
def find_pda(program: str, *seeds: bytes) -> Pda:
    """Return the address of the highest bump that falls off the curve.

    Raises `HeliumRejected` too_many_seeds, seed_too_long, or no_bump (never seen in practice).
    """
    prefix = _prefix(seeds)
    suffix = to_raw(program) + _MARKER
    for bump in range(_FIRST_BUMP, -1, -1):
        candidate = hashlib.sha256(prefix + bytes([bump]) + suffix).digest()
        if not is_on_curve(candidate):
            return Pda(to_text(candidate), bump)
    raise HeliumRejected("no_bump", "all 256 candidates are on the curve")


def derive_pda(program: str, bump: int, *seeds: bytes) -> Pda:
    """Return the address of exactly this bump. Raises as `find_pda`, or `HeliumRejected` on_curve."""
    candidate = hashlib.sha256(_prefix(seeds) + bytes([bump]) + to_raw(program) + _MARKER).digest()
    if is_on_curve(candidate):
        raise HeliumRejected("on_curve", f"bump {bump} gives a curve point")
    return Pda(to_text(candidate), bump)


def _prefix(seeds: tuple[bytes, ...]) -> bytes:
    if len(seeds) > _MAX_SEEDS:
        raise HeliumRejected("too_many_seeds", f"{len(seeds)} seeds, at most {_MAX_SEEDS}")
    if any(len(seed) > _MAX_SEED_SIZE for seed in seeds):
        raise HeliumRejected("seed_too_long", f"a seed has at most {_MAX_SEED_SIZE} bytes")
    return b"".join(seeds)
