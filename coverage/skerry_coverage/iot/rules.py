"""The frame of a rule table: one row per check, from which both the verdict and its full explanation come.

`check` answers pass or fail as fast as possible; `measure` says with which value against which limit, whose fault a
failure is and what would have passed. Only `check` decides, in both uses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

__all__ = ["Fault", "Judgement", "Measure", "Rule", "RuleResult", "explain_rules", "first_failure"]

F = TypeVar("F")

Quantity = int | float | str | None


class Fault(Enum):
    """Who could have done something about a failure."""

    BEACONER = "beaconer"
    WITNESS = "witness"
    OPERATOR = "operator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One check in numbers; `margin` is what was left to the limit, negative when the check failed."""

    value: Quantity = None
    limit: Quantity = None
    margin: int | float | None = None
    unit: str = ""
    fault: Fault
    needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[F]):
    """One row: `check` returns a reason of the protocol or None; `needs` names rules without which it has no sense.

    `static` = depends on registry, denylist and parameters only, not on the report or its times.
    """

    name: str
    check: Callable[[F], str | None]
    measure: Callable[[F], Measure]
    source: str
    needs: tuple[str, ...] = ()
    static: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One line of an explanation; `passed` None = could not be judged because an earlier rule failed."""

    rule: str
    passed: bool | None
    reason: str | None
    measure: Measure | None
    decided: bool  # this is the failure that made the verdict
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A rule table's answer: valid, or the first failure by rule name and protocol reason."""

    rule: str | None = None
    reason: str | None = None

    @property
    def valid(self) -> bool:
        """Whether every rule passed."""
        return self.reason is None


_VALID = Judgement()


def first_failure(rules: Sequence[Rule[F]], facts: F) -> Judgement:
    """Check in order and stop at the first failure."""
    for rule in rules:
        reason = rule.check(facts)
        if reason is not None:
            return Judgement(rule=rule.name, reason=reason)
    return _VALID


def explain_rules(rules: Sequence[Rule[F]], facts: F) -> list[RuleResult]:
    """Check every rule that can be checked, also after the deciding failure."""
    results: list[RuleResult] = []
    failed: set[str] = set()
    decided = False
    for rule in rules:
        if any(name in failed for name in rule.needs):
            failed.add(rule.name)  # what builds on an unjudged rule is unjudged too
            results.append(
                RuleResult(rule=rule.name, passed=None, reason=None, measure=None, decided=False, source=rule.source)
            )
            continue
        reason = rule.check(facts)
        if reason is not None:
            failed.add(rule.name)
        results.append(
            RuleResult(
                rule=rule.name,
                passed=reason is None,
                reason=reason,
                measure=rule.measure(facts),
                decided=reason is not None and not decided,
                source=rule.source,
            )
        )
        decided = decided or reason is not None
    return results
