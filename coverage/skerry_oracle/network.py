"""What an operator fixes for one network: its profile, and the dated entry of it that is in force."""

from dataclasses import dataclass
from functools import cached_property

from skerry_core.errors import UsageError
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.profile.model import IotEntry, Profile
from skerry_keys.public_key import PublicKey
from skerry_oracle.epochs.calendar import EpochCalendar

__all__ = ["OracleNetwork"]


@dataclass(frozen=True, kw_only=True)  # no slots: the calendar is cached
class OracleNetwork:
    """One network as the oracle runs it; `of_profile` makes it. Gateway keys are of `key_network`."""

    profile: Profile
    entry: IotEntry
    test_tokens: bool = False
    key_network: str = "mainnet"

    @classmethod
    def of_profile(cls, profile: Profile, *, at_s: int, test_tokens: bool = False) -> "OracleNetwork":
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
        return cls(profile=profile, entry=entry, test_tokens=test_tokens)

    @property
    def network(self) -> str:
        """The network's id: records, entropy and signatures are bound to it."""
        return self.profile.network

    @property
    def profile_hash(self) -> str:
        """The profile's hash in hex."""
        return self.profile.hash.hex()

    @property
    def token(self) -> str:
        """The symbol of the token that rewards are paid in."""
        return self.entry.token.symbol

    @cached_property
    def oracle_keys(self) -> frozenset[bytes]:
        """The keys whose signatures of a manifest count."""
        return frozenset(PublicKey.from_address(one).binary for one in self.profile.operator.oracle_keys)

    @property
    def signatures_needed(self) -> int:
        """How many of them a manifest needs before it is paid."""
        return self.profile.operator.signatures_needed

    @property
    def emission_bones(self) -> int:
        """The most that one epoch may pay, in whole base units."""
        assert self.entry.emission is not None
        return int(self.entry.emission.of(self.entry.epoch_s))

    @property
    def rule_set(self) -> str:
        """The id of the rules that judge."""
        return self.entry.rules.id

    @property
    def parameters(self) -> PocParameters:
        """The rules' numbers."""
        return self.entry.poc

    @cached_property
    def calendar(self) -> EpochCalendar:
        """When epochs begin, end and close."""
        return EpochCalendar(length_s=self.entry.epoch_s, lateness_s=self.entry.lateness_s)
