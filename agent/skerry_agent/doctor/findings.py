"""What a check says, and which finding comes first. Used by every check and by `skerry doctor`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from skerry_agent.doctor.repairs import Repair

__all__ = ["STAGES", "Finding", "Grade", "first_red", "together"]

# The order in which a frame becomes a reward; the clock comes after the packets, since only signing needs it.
STAGES = ("machine", "agent", "radio", "region", "packets", "clock", "network", "proofs", "rewards")


class Grade(Enum):
    """How a check ended; UNKNOWN is said when it could not be made, never hidden."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's result: `evidence` is what was seen, `reason` what it means, `fix` what to do, `repair` does it.

    `device` is the id of the device that it is about, where it is about one.
    """

    stage: str
    check: str
    grade: Grade
    evidence: str
    reason: str = ""
    fix: str = ""
    repair: Repair | None = None
    device: str = ""


def together(machine: Sequence[Finding], agent: Sequence[Finding]) -> list[Finding]:
    """Return all findings by stage; of a device that the running agent knows, what it says and nothing else."""
    told = {finding.device for finding in agent if finding.device}
    findings = [*(finding for finding in machine if finding.device not in told), *agent]
    return sorted(findings, key=lambda finding: STAGES.index(finding.stage))


def first_red(findings: Sequence[Finding]) -> Finding | None:
    """Return the first failure along the stages: what lies behind it cannot work either."""
    failures = [finding for finding in findings if finding.grade is Grade.FAIL]
    return min(failures, key=lambda finding: STAGES.index(finding.stage), default=None)
