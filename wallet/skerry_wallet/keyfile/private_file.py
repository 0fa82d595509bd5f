"""Files that hold secrets: readable by their owner only, created whole and never over an existing one."""

import os
import stat
import tempfile
from pathlib import Path

from skerry_core.files import PRIVATE_MODE
from skerry_wallet.keyfile.errors import KeyDamaged, KeyExists, KeyExposed

__all__ = ["create_private", "read_private"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LIMIT_BYTES = 1 << 16  # every key format here is below 1 KiB


def read_private(path: Path) -> bytes:
    """Return a secret file's content.

    Raises `KeyExposed` when group or others have any right on it, `KeyDamaged` for something that is no small file,
    `OSError` (`FileNotFoundError` among them) when it cannot be opened.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:  # a pipe must not hang the agent
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise KeyDamaged(f"{path} is no regular file")
        if status.st_mode & _OTHERS:
            raise KeyExposed(str(path), stat.S_IMODE(status.st_mode))
        content = stream.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        raise KeyDamaged(f"{path} is larger than any key file")
    return content


def create_private(path: Path, content: bytes) -> None:
    """Create a secret file of mode 0600, whole or not at all. Raises `KeyExists`; `OSError` when it cannot be written.

    A hard link gives the finished file its name, so that two programs creating it at once cannot overwrite each other.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), PRIVATE_MODE)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise KeyExists(str(path)) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
