"""Where a LoRaWAN region's channels lie at all: the edges of its band, both included, in Hz.

From the LoRaWAN regional parameters (RP002); the region tables of `skerry_radio` hold the beacon channels only, while
downlinks also use others. The transmit gate refuses whatever lies outside.
"""

__all__ = ["band_edges_hz"]

_EU868 = (863_000_000, 870_000_000)
_AS923 = (915_000_000, 928_000_000)
_EDGES_HZ: dict[str, tuple[int, int]] = {
    "US915": (902_000_000, 928_000_000),
    "EU868": _EU868,
    "CD900_1A": _EU868,
    "AU915": (915_000_000, 928_000_000),
    "AU915_SB1": (915_000_000, 928_000_000),
    "AS923_1": _AS923,
    "AS923_1B": _AS923,
    "AS923_1C": _AS923,
    "AS923_2": (920_000_000, 923_000_000),
    "AS923_3": (915_000_000, 921_000_000),
    "AS923_4": (917_000_000, 920_000_000),
    "IN865": (865_000_000, 867_000_000),
    "KR920": (920_900_000, 923_300_000),
    "CN470": (470_000_000, 510_000_000),
    "RU864": (864_000_000, 870_000_000),
    "EU433": (433_050_000, 434_790_000),
}


def band_edges_hz(region: str) -> tuple[int, int] | None:
    """Return lowest and highest frequency, None for a region that is not known."""
    return _EDGES_HZ.get(region)
