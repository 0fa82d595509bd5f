"""Where chance comes from: the operating system, or a seed in simulation."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from random import Random, SystemRandom

__all__ = ["Randomness", "seeded_randomness", "system_randomness"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomness:
    """Secret bytes, and a generator for jitter and beacon times."""

    token_bytes: Callable[[int], bytes]
    random: Random


def system_randomness() -> Randomness:
    """Return the operating system's."""
    return Randomness(token_bytes=secrets.token_bytes, random=SystemRandom())


def seeded_randomness(seed: str) -> Randomness:
    """Return a repeatable one. For simulation only: whoever knows the seed knows every value."""
    random = Random(seed)  # noqa: S311 - a simulation must repeat itself
    return Randomness(token_bytes=random.randbytes, random=random)
