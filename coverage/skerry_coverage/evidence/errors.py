"""Errors of the evidence format.

Tree::

    SkerryError
      EvidenceRejected        bytes from outside that are no evidence of ours: `reason` is a stable word
"""

from skerry_core.errors import SkerryError

__all__ = ["EvidenceRejected"]


class EvidenceRejected(SkerryError):
    """Bytes do not decode as an entry, a seal or another evidence record; `reason` names what is wrong in one word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
