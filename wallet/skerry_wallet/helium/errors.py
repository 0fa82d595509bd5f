"""The error of the Helium codecs and rules."""

from skerry_core.errors import SkerryError

__all__ = ["HeliumRejected"]


class HeliumRejected(SkerryError):
    """Bytes, inputs or a rule of a Helium program refuse; `reason` is the term of the programs or of KINDS-wallet."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
