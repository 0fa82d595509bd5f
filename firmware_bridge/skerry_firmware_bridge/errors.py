"""Errors of the device side.

Tree::

    BridgeError
      LinkLost          the port, socket or connection is gone; every pending request has failed
      LinkRefused       it cannot be opened; says why and what fixes it
      FrameRejected     bytes from the device are not acceptable; counted, never fatal
      DeviceTimeout     the device did not answer in time
      ModuleRefused     the device answered a command with its own error code
      ModuleUnfit       the device cannot do what is needed; says what a person can change
      TransmitRefused   the transmit gate said no; names the limit
"""

from skerry_core.errors import Explained, SkerryError

__all__ = [
    "BridgeError",
    "DeviceTimeout",
    "FrameRejected",
    "LinkLost",
    "LinkRefused",
    "ModuleRefused",
    "ModuleUnfit",
    "TransmitRefused",
]

BRIEF_CHARACTERS = 120


class BridgeError(SkerryError):
    """Base of the device side's errors."""


class LinkLost(BridgeError):
    """The link is gone."""


class LinkRefused(Explained, BridgeError):
    """The link cannot be opened; `code` is stable, `remedy` is what a person can do."""

    def __init__(self, code: str, detail: str, *, remedy: str) -> None:
        super().__init__(f"{detail} ({code}) {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class FrameRejected(BridgeError):
    """A frame is not acceptable; `reason` is the protocol family's own term."""

    def __init__(self, reason: str, *, detail: str = "", frame: bytes = b"") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.frame = frame

    def brief(self) -> str:
        """Return the message for a sentence: what was sent may be in it, of any length."""
        return str(self)[:BRIEF_CHARACTERS]


class DeviceTimeout(BridgeError):
    """The device did not answer within the named limit."""


class ModuleRefused(BridgeError):
    """The device answered a command with an error; `code` is its own, in lower case."""

    def __init__(self, command: str, code: str) -> None:
        super().__init__(f"{command}: {code}")
        self.code = code


class ModuleUnfit(BridgeError):
    """The device is not what is needed here: too old, of another kind, made for another band. One sentence or two."""


class TransmitRefused(BridgeError):
    """The transmit gate refuses; `code` is stable, `params` holds limit and value."""

    def __init__(self, code: str, detail: str, **params: object) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.params = params
