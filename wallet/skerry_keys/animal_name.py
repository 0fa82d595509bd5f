"""The three-word names of hotspots: MD5 of the address, folded to three indices into the published word lists."""

import hashlib
from functools import cache
from importlib.resources import files

__all__ = ["animal_indices", "animal_name"]


def animal_indices(address: str) -> tuple[int, int, int]:
    """Return adjective, colour and animal index: XOR of MD5 bytes 0-4, 5-9 and 10-15 of the address text."""
    digest = hashlib.md5(address.encode(), usedforsecurity=False).digest()
    return _fold(digest[:5]), _fold(digest[5:10]), _fold(digest[10:])


def animal_name(address: str) -> str:
    """Return the lower-case name, words joined by hyphens."""
    return "-".join(words[index] for words, index in zip(_word_lists(), animal_indices(address), strict=True))


def _fold(part: bytes) -> int:
    folded = 0
    for byte in part:
        folded ^= byte
    return folded


@cache
def _word_lists() -> tuple[list[str], ...]:
    text = files("skerry_keys").joinpath("data/animal_names.txt").read_text("ascii")
    return tuple(line.split() for line in text.splitlines())
