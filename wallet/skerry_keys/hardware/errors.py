"""The error of hardware keys."""

from skerry_core.errors import UserError

__all__ = ["HardwareKeyFailed"]


class HardwareKeyFailed(UserError):
    """The chip does not answer, refuses, or holds no usable key; E_KEY_HARDWARE."""

    def __init__(self, location: str, detail: str, *, remedy: str) -> None:
        super().__init__(
            "E_KEY_HARDWARE",
            f"The hardware key at {location} cannot be used: {detail}.",
            remedy=remedy,
            params={"location": location, "detail": detail},
        )
