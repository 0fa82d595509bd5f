"""What an operator fixes for one network: how it is judged, how long its epochs are, what it pays."""

from dataclasses import dataclass, field

from skerry_core.errors import UsageError
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.rewards import HIP138, Price, SplitRules
from skerry_coverage.profile.model import Profile
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

    @classmethod
    def of_profile(
        cls, profile: Profile, *, network: str, at_s: int, token: str | None = None, test_tokens: bool = False
    ) -> "OracleNetwork":
        """Return the rules that a profile has in force at a Unix time.

        Raises `UsageError` E_PROFILE_TIME when it has none with an emission and a price of its own.
        """
        entry = profile.iot_at(at_s)
        if entry is None or entry.emission is None or entry.price is None:
            raise UsageError(
                "E_PROFILE_TIME",
                f"Profile {profile.id} has no IoT rules with an emission for the present time.",
                remedy="Use a profile of your own network; historic profiles only explain the past.",
            )
        return cls(
            network=network,
            profile_hash=profile.hash.hex(),
            token=token or entry.token.symbol,
            emission_bones=int(entry.emission.of(entry.epoch_s)),
            price=entry.price,
            rule_set=entry.rules.id,
            calendar=EpochCalendar(length_s=entry.epoch_s, lateness_s=entry.lateness_s),
            parameters=entry.poc,
            split=entry.split,
            density_table=entry.density_table,
            active_s=entry.density_window_s,
            test_tokens=test_tokens,
        )
