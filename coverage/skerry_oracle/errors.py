"""Errors of the oracle.

Tree::

    SkerryError
      OracleError             base of this package
        StoreFailed           the database refused or lost a transaction; nothing of it was kept
        StoreBusy             too much is waiting to be written; try again later
        PeerMisbehaved        a client broke the protocol; `reason` is the protocol's own term
    RefusedError, UsageError  for what a person asked: registration, routes, epochs
"""

from skerry_core.errors import SkerryError

__all__ = ["OracleError", "PeerMisbehaved", "StoreBusy", "StoreFailed"]


class OracleError(SkerryError):
    """Base of every error of the oracle."""


class StoreFailed(OracleError):
    """A transaction failed as a whole."""


class StoreBusy(OracleError):
    """The write queue is full."""


class PeerMisbehaved(OracleError):
    """A client broke the protocol; it is counted and logged once per peer."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
