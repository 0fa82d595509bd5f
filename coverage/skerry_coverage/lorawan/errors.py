"""Errors of the LoRaWAN rules."""

from skerry_core.errors import SkerryError

__all__ = ["LorawanRefused"]


class LorawanRefused(SkerryError):
    """A packet, address or request is refused.

    `reason` is the term of KINDS: invalid_packet_type, invalid_mic, invalid_dev_addr, out_of_range, bad_length,
    bad_digit, uneven, no_addresses.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
