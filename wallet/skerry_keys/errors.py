"""Errors of the keys package: one class with a reason term, since callers only sort by reason."""

from skerry_core.errors import SkerryError

__all__ = ["KeyRejected"]


class KeyRejected(SkerryError):
    """A key, address, key file or key location is not acceptable.

    `reason` is one of the field's terms (`bad_base58`, `bad_checksum`, `bad_version`, `bad_tag`, `bad_length`,
    `bad_key`, `not_compact`, `bad_secret`, ...); `detail` never contains secret bytes.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
