"""What an operator fixes for one network: how it is judged, how long its epochs are, what it pays."""

from dataclasses import dataclass, field

from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.rewards import HIP138, Price, SplitRules
from skerry_oracle.epochs.calendar import EpochCalendar

__all__ = ["OracleNetwork"]

ACTIVE_S = 60 * 3600  # iot-poc 4.6: a hotspot counts for density for 60 hours after its last witnessed beacon


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleNetwork:
    """One network as the oracle runs it.

    `profile_hash` is the SHA-256 (hex) of the profile file that all this comes from; `emission_bones` is the most that
    one epoch may pay in `token` base units, `price` what a token is worth (for data transfer).
    """

    network: str
    profile_hash: str
    token: str
    emission_bones: int
    price: Price
    rule_set: str = "iot/2024-01"
    key_network: str = "mainnet"
    calendar: EpochCalendar = field(default_factory=EpochCalendar)
    parameters: PocParameters = field(default_factory=PocParameters)
    split: SplitRules = HIP138
    density_table: str = "hip104"
    active_s: int = ACTIVE_S
    test_tokens: bool = False
