"""The error of the economic rules."""

from skerry_core.errors import SkerryError

__all__ = ["EconomyRejected"]


class EconomyRejected(SkerryError):
    """A rule has no result for these inputs; `reason` is the programs' term (`arithmetic_error`, `frozen`, ...)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
