"""A loaded profile as types: tokens, the operator's terms, dated IoT entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from skerry_coverage.iot.exact import EXACT, floor_places
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.rewards import Price, SplitRules
from skerry_coverage.profile.rule_sets import RuleSet

__all__ = ["Emission", "IotEntry", "Operator", "Profile", "Token"]

_PLACES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a network pays in; `id` is the profile's name for it."""

    id: str
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """A fixed pool of base units per span of time; spans need not be whole epochs."""

    pool_bones: int
    span_s: int

    def of(self, seconds: int) -> Decimal:
        """Return the emission of so many seconds, cut at 15 places: not always whole, but finite as text."""
        return floor_places(EXACT.divide(Decimal(self.pool_bones * seconds), Decimal(self.span_s)), _PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who runs the network: admission policy, oracle keys (addresses), and how many of them sign a manifest."""

    admission: str
    oracle_keys: tuple[str, ...]
    signatures_needed: int
    entropy_interval_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IotEntry:
    """The IoT rules of one span of time, `starts_s` included, `ends_s` not (None = until further notice).

    `emission` None = the chain's own figure for the epoch; `price` None = the chain's oracle price.
    """

    rules: RuleSet
    starts_s: int
    ends_s: int | None
    token: Token
    epoch_s: int
    lateness_s: int
    poc: PocParameters
    density_table: str
    density_window_s: int
    split: SplitRules
    emission: Emission | None
    price: Price | None
    minimum_dc: int

    def covers(self, time_s: int) -> bool:
        """Say whether a Unix time lies in this entry's span."""
        return self.starts_s <= time_s and (self.ends_s is None or time_s < self.ends_s)

    def epoch_of_ms(self, received_ms: int) -> int:
        """Return the number of the reward epoch that a receive time belongs to.

        An epoch's end belongs to it and its start does not (iot-poc 4.8).
        """
        return (received_ms - 1) // (self.epoch_s * 1000)

    def epoch_bounds_ms(self, epoch: int) -> tuple[int, int]:
        """Return (start, end) of an epoch in Unix milliseconds: start < receive time <= end."""
        return epoch * self.epoch_s * 1000, (epoch + 1) * self.epoch_s * 1000

    def closes_at_ms(self, epoch: int) -> int:
        """Return when an epoch closes; reports that arrive later than its end but before this count if they belong."""
        return self.epoch_bounds_ms(epoch)[1] + self.lateness_s * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One network's profile; `hash` covers `content`, the canonical form of the file."""

    id: str
    network: str
    title: str
    pays: bool
    tokens: Mapping[str, Token]
    operator: Operator
    iot: tuple[IotEntry, ...]
    hash: bytes
    content: Mapping[str, Any] = field(repr=False)

    def iot_at(self, time_s: int) -> IotEntry | None:
        """Return the entry in force at a Unix time."""
        return next((entry for entry in self.iot if entry.covers(time_s)), None)
