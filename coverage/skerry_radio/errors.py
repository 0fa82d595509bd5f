"""Errors of the radio package."""

from skerry_core.errors import SkerryError

__all__ = ["RadioRefused", "UnknownRegion"]


class RadioRefused(SkerryError):
    """An input lies outside what a formula or table covers; `reason` is the term of KINDS (`distance`, ...)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class UnknownRegion(RadioRefused):
    """Nothing is published for this region; no beacon can be built and nothing may be transmitted."""

    def __init__(self, region: str) -> None:
        super().__init__("no_region_params", f"no parameters are published for region {region!r}")
        self.region = region
