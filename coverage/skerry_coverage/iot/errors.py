"""Errors of the IoT rules."""

from skerry_core.errors import SkerryError

__all__ = ["BeaconRefused", "EntropyRejected", "FilterRejected"]


class BeaconRefused(SkerryError):
    """A beacon cannot be built or reported; `reason` is invalid_version, no_region_params, no_datarate,
    no_conducted_power, no_beacon_tx_power or beacon_tx_failure.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class EntropyRejected(SkerryError):
    """Stored or received entropy is not acceptable; `reason` is missing_field, bad_base64 or bad_value."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class FilterRejected(SkerryError):
    """A denylist file is not acceptable; `reason` is truncated, unknown_version, bad_signature or bad_filter."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
