"""Who a hotspot is and what its owner says of it. Read from the settings by the composition root."""

from dataclasses import dataclass
from typing import Self

from skerry_agent.settings import Settings
from skerry_agent.settings.table import ANTENNA_GAIN_DDBI, LOCATION_CELL, OWNER, REGION
from skerry_keys.public_key import PublicKey

__all__ = ["HotspotIdentity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotIdentity:
    """One hotspot; `region` None means that the owner has not confirmed one."""

    key: PublicKey
    owner: str | None
    location: str | None
    region: str | None
    antenna_gain_ddbi: int

    @classmethod
    def from_settings(cls, settings: Settings, public_key: bytes) -> Self:
        """Read what the owner says from the settings."""
        return cls(
            key=PublicKey.from_binary(public_key),
            owner=settings[OWNER] or None,
            location=settings[LOCATION_CELL] or None,
            region=settings[REGION] or None,
            antenna_gain_ddbi=settings[ANTENNA_GAIN_DDBI],
        )

    @property
    def name(self) -> str:
        """The three-word name."""
        return self.key.animal_name

    @property
    def region_name(self) -> str:
        """The region as frames are labelled with it."""
        return self.region or "UNKNOWN"
