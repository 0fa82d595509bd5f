"""The network profile inside a bundle: its canonical content, by which rules are chosen and the profile hash is taken.

For the verifier, the exporter and `--trust`. A bundle carries the canonical JSON of a profile's content, because the
hash that manifests and statements name covers that and not the file's comments.
"""

from dataclasses import dataclass

from skerry_core import strict_json
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.profile import loader
from skerry_coverage.profile.errors import ProfileRejected
from skerry_coverage.profile.model import Profile
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey

__all__ = ["BundledProfile", "profile_bytes", "read_profile"]

TEST_TOKEN_PREFIX = "demo-"  # noqa: S105 - a symbol's beginning, no secret (DESIGN, Network profiles)


@dataclass(frozen=True, slots=True)
class BundledProfile:
    """A profile as a verifier uses it."""

    profile: Profile

    @property
    def pays_test_tokens(self) -> bool:
        """Whether the network's tokens are test tokens by their names."""
        return any(token.symbol.startswith(TEST_TOKEN_PREFIX) for token in self.profile.tokens.values())

    def parameters(self, rule_set: str | None, received_s: int) -> PocParameters:
        """Return the parameters in force at a Unix time, which a statement must have named by the right rule set.

        Raises `EvidenceRejected` bad_rules.
        """
        entry = self.profile.iot_at(received_s)
        if entry is None or entry.rules.judge is None:
            raise EvidenceRejected("bad_rules", "the network proved no coverage at that time")
        if rule_set is not None and rule_set != entry.rules.id:
            raise EvidenceRejected("bad_rules", f"the profile has rules {entry.rules.id} for that time, not {rule_set}")
        return entry.poc

    def oracle_keys(self) -> frozenset[bytes]:
        """Return the operator's oracle keys as tagged binaries. Raises `EvidenceRejected` bad_profile."""
        try:
            return frozenset(PublicKey.from_address(one).binary for one in self.profile.operator.oracle_keys)
        except KeyRejected as error:
            raise EvidenceRejected("bad_profile", f"oracle_keys: {error}") from None


def read_profile(untrusted: bytes) -> BundledProfile:
    """Read a profile: JSON as in bundles, or an operator's TOML file. Raises `EvidenceRejected` bad_profile."""
    try:
        return BundledProfile(loader.parse_profile(untrusted.decode("utf-8"), source="profile"))
    except (ProfileRejected, UnicodeDecodeError) as error:
        raise EvidenceRejected("bad_profile", str(error)) from None


def profile_bytes(profile: Profile) -> bytes:
    """Return what goes into a bundle: SHA-256 of it is the profile's hash."""
    return strict_json.canonical(profile.content)
