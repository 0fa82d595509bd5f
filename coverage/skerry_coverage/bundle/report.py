"""What a verification found: checks that passed, failures with codes, the level reached, and what is not proved."""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

from skerry_coverage.iot.explain import Explanation

__all__ = ["Failure", "Level", "OperatorWord", "Proof", "VerificationReport"]


class Level(IntEnum):
    """How much stands behind a proof; each level includes the ones below."""

    NOTHING = 0  # no intact beacon is in the bundle
    SELF_CLAIMED = 1  # the hotspot's own signature, no other owner's
    MUTUALLY_WITNESSED = 2  # hotspots of other owners signed that they heard it, and the rules accept them
    ORACLE_VERIFIED = 3  # an operator whose key is on the reader's trust list signed the same verdicts

    @property
    def words(self) -> str:
        """The level as people read it."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that does not hold. `code` is stable; `where` names the log, entry or beacon."""

    code: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorWord:
    """An operator's signed statement on a beacon."""

    signer: str  # address of the oracle key
    is_trusted: bool  # on the reader's trust list
    rule_set: str
    epoch: int
    manifest_hash: str | None  # of the reward manifest that paid it, in hex; None while the epoch is open
    unshown_witnesses: int  # witness reports that it judged and that the bundle does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the bundle shows of one beacon."""

    beacon_id: str
    gateway: str
    gateway_name: str
    cell: str | None  # as asserted by the owner
    reason: str | None  # why the rules refuse the beacon; None when it is valid
    witnesses_valid: int
    witnesses_invalid: int
    witness_owners: int  # distinct owners of valid witnesses, the beacon's own owner left out
    level: Level
    operator: OperatorWord | None
    explanation: Explanation  # every rule's line, recomputed here


@dataclass(slots=True, kw_only=True)
class VerificationReport:
    """The result of `verify_bundle`. `is_intact` is the one answer; everything else explains it."""

    cid: str
    network: str
    made_by: str
    test_tokens: bool
    profile_hash: str
    checks: Counter[str] = field(default_factory=Counter)  # name of a check -> how often it passed
    failures: list[Failure] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    hidden_entries: int = 0  # under the seals, but left out by the exporter
    not_proved: list[str] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether every check passed and the bundle proves at least one beacon."""
        return not self.failures and bool(self.proofs)

    @property
    def level(self) -> Level:
        """The lowest level among the beacons, so that one strong proof does not lend its strength to others."""
        return min((proof.level for proof in self.proofs), default=Level.NOTHING)

    def passed(self, check: str) -> None:
        """Count a check that holds."""
        self.checks[check] += 1

    def fail(self, code: str, where: str, detail: str) -> None:
        """Note a check that does not hold."""
        self.failures.append(Failure(code=code, where=where, detail=detail))

    def expect(self, holds: bool, check: str, *, code: str, where: str, detail: str) -> bool:
        """Count or note a check; return whether it holds."""
        if holds:
            self.passed(check)
        else:
            self.fail(code, where, detail)
        return holds
