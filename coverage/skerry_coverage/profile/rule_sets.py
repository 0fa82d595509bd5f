"""The rule sets that profile entries may name. Append only: a fix that changes any verdict is a new id with a date.

Golden results of every id stay in the tests (DESIGN, Network profiles).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skerry_coverage.iot.judge import PocInput, PocVerdict, judge_poc

__all__ = ["RULE_SETS", "RuleSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One dated set of rules; `judge` None = coverage is not proved any more, only data transfer is paid."""

    id: str
    about: str
    judge: Callable[[PocInput], PocVerdict] | None


_ALL = (
    RuleSet(id="iot/2022-12", about="Gateway-initiated beacons judged by oracles, HIP-15 and HIP-17.", judge=judge_poc),
    RuleSet(id="iot/2024-01", about="HIP-104 density, HIP-106 reciprocity: the last coverage rules.", judge=judge_poc),
    RuleSet(id="iot/2026-07", about="HIP-149: coverage is not rewarded, data transfer is.", judge=None),
)
RULE_SETS: Mapping[str, RuleSet] = {rules.id: rules for rules in _ALL}
