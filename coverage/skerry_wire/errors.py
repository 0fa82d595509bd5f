"""Errors of the wire package: bytes from outside that are not what they claim to be."""

from skerry_core.errors import SkerryError

__all__ = ["FrameMalformed", "MessageRejected"]


class MessageRejected(SkerryError):
    """Bytes or fields do not form the named message; `reason` is one of unknown_message, not_protobuf, bad_field, too_large."""  # noqa: E501

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class FrameMalformed(SkerryError):
    """A LoRaWAN frame breaks the format: `reason` is invalid_version, invalid_type, invalid_size or invalid_port."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
