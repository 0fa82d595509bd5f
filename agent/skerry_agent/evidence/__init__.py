"""The durable evidence log over the agent's database: append, chain, seals, checks, retention, extracts for proofs."""

from skerry_agent.evidence.log import EvidenceLog, Recorded, SealPolicy
from skerry_agent.evidence.reader import EvidenceReader
from skerry_agent.evidence.schema import EVIDENCE
from skerry_agent.evidence.timekeeper import TimeKeeper

__all__ = ["EVIDENCE", "EvidenceLog", "EvidenceReader", "Recorded", "SealPolicy", "TimeKeeper"]
