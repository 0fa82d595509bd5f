"""Errors of proof bundles.

Tree::

    UsageError
      BundleRejected      the bytes are no proof bundle that this program reads
"""

from skerry_core.errors import UsageError

__all__ = ["BundleRejected"]


class BundleRejected(UsageError):
    """The file cannot be read as a proof bundle; `reason` is one stable word."""

    exit_code = 1  # a damaged file is a failed proof, not a mistake in the command

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(
            f"E_BUNDLE_{reason.upper()}",
            f"This is not an intact proof bundle: {detail}.",
            remedy="Ask for the file again; it was damaged on its way or changed by somebody.",
            params={"reason": reason},
        )
        self.reason = reason
