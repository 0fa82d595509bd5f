"""Errors of key storage and import.

Tree::

    SkerryError
      KeyImportRejected      a phrase, key text or foreign file is not acceptable; `reason` is KINDS-wallet's term
      UserError
        BackupDiffers        E_BACKUP_DIFFERS: a restore rehearsal found another content than the files on disk
        KeyMissing           E_KEY_MISSING: an identity is recorded, its key file is gone
        KeyExists            E_KEY_EXISTS: a key would be written over another file
        KeyMismatch          E_KEY_MISMATCH: the key file holds another key than the recorded identity
        KeyExposed           E_KEY_PERMISSIONS: others may read the key file
        WrongPassword        E_KEY_PASSWORD: the file is whole, the password does not open it
        KeyDamaged           E_KEY_DAMAGED: the file is not what was written
        KeyTooExpensive      E_KEY_MEMORY: opening it needs more memory or time than this machine gives
"""

from skerry_core.errors import NotFoundError, RefusedError, SkerryError, UserError

__all__ = [
    "BackupDiffers",
    "KeyDamaged",
    "KeyExists",
    "KeyExposed",
    "KeyImportRejected",
    "KeyMismatch",
    "KeyMissing",
    "KeyTooExpensive",
    "WrongPassword",
]


class KeyImportRejected(SkerryError):
    """A phrase, key text or wallet file cannot be used; never contains secret parts of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class BackupDiffers(RefusedError):
    """The backup is not what is on disk now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "E_BACKUP_DIFFERS",
            f"The backup's {name} is not the same as the file on this computer.",
            remedy="Make a new backup; keep the old one until the new one has passed the rehearsal.",
            params={"name": name},
        )


class KeyMissing(NotFoundError):
    """The recorded identity's key file is not there."""

    def __init__(self, path: str, address: str) -> None:
        super().__init__(
            "E_KEY_MISSING",
            f"The key file {path} of gateway {address} is missing.",
            remedy="Put the key file back from your backup; a new key would be a new hotspot, so none is made.",
            params={"path": path, "address": address},
        )


class KeyExists(RefusedError):
    """There is a file where a new key should go."""

    def __init__(self, path: str) -> None:
        super().__init__(
            "E_KEY_EXISTS",
            f"There is already a file {path}; a key is never written over it.",
            remedy="Choose another name, or move the old file away.",
            params={"path": path},
        )


class KeyMismatch(RefusedError):
    """The key file is not the recorded identity's."""

    def __init__(self, path: str, expected: str, got: str) -> None:
        super().__init__(
            "E_KEY_MISMATCH",
            f"The key file {path} holds gateway {got}, but this directory belongs to {expected}.",
            remedy="Put the right key file back, or use another directory for the other gateway.",
            params={"path": path, "expected": expected, "got": got},
        )


class KeyExposed(RefusedError):
    """Users other than the owner may read or change a key file."""

    def __init__(self, path: str, mode: int) -> None:
        super().__init__(
            "E_KEY_PERMISSIONS",
            f"The key file {path} may be read or changed by others (mode {mode:04o}).",
            remedy=f"Run: chmod 600 {path}",
            params={"path": path, "mode": f"{mode:04o}"},
        )


class WrongPassword(RefusedError):
    """The password does not open the file."""

    def __init__(self, path: str = "") -> None:
        super().__init__(
            "E_KEY_PASSWORD",
            "The password does not open this key.",
            remedy="Check the keyboard layout and the Caps Lock key, then try again.",
            params={"path": path},
        )


class KeyDamaged(UserError):
    """The file is cut off, changed or something else."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "E_KEY_DAMAGED",
            f"The key file is damaged: {detail}.",
            remedy="Restore the file from your backup; no password can open this one.",
            params={"detail": detail},
        )


class KeyTooExpensive(RefusedError):
    """The key derivation of a file is beyond what this machine can or should do."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "E_KEY_MEMORY",
            f"This key file cannot be opened on this machine: {detail}.",
            remedy="Open it on a computer with more memory and store it again there.",
            params={"detail": detail},
        )
