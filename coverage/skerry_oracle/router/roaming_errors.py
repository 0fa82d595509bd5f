"""What can be wrong with a roaming message."""

from skerry_oracle.errors import OracleError

__all__ = ["RoamingRejected"]


class RoamingRejected(OracleError):
    """A network server's message cannot be used; `reason` is malformed, datarate, token or unsupported."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
