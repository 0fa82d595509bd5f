"""The gateway key in its file. It is made once, when no identity was ever recorded in the folder; never silently again.

A missing key file that creates a new identity is how owners lost hotspots (peers-features F1). Called by the
composition root at the start and by `skerry key`.
"""

import os
from pathlib import Path

from skerry_agent.settings import Settings
from skerry_agent.settings.table import GATEWAY_KEY
from skerry_agent.store import Facts
from skerry_client.paths import Paths
from skerry_core.errors import RefusedError
from skerry_core.files import PRIVATE_MODE
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner

__all__ = ["key_path", "open_identity", "read_key"]

RECORDED = "gateway_address"  # name of the fact that an identity exists


def key_path(settings: Settings, paths: Paths) -> Path:
    """Return where the gateway key is. Raises `RefusedError` E_KEY_KIND for a place that is not a file."""
    place = settings[GATEWAY_KEY]
    if "://" in place:
        raise RefusedError(
            "E_KEY_KIND",
            f"Keys at {place.partition('://')[0]}:// are not supported yet.",
            remedy="Use a key file in hotspot.key.",
        )
    return Path(place) if place else paths.gateway_key


async def open_identity(*, settings: Settings, paths: Paths, facts: Facts) -> SoftwareSigner:
    """Return the gateway key, making it if no identity was ever recorded here.

    Raises `RefusedError`: E_KEY_MISSING, E_KEY_CHANGED, E_KEY_PERMISSIONS, E_KEY_BAD, E_KEY_KIND.
    """
    path = key_path(settings, paths)
    recorded = await facts.get(RECORDED)
    if not path.exists():
        if recorded is not None:
            raise RefusedError(
                "E_KEY_MISSING",
                f"The gateway key {path} is gone; this agent is {recorded}.",
                remedy="Put the key file back from a backup. A new key would be another hotspot.",
                params={"path": str(path), "address": recorded},
            )
        _create(path)
    signer = read_key(path)
    address = PublicKey(signer.public_key).address
    if recorded is None:
        await facts.set(RECORDED, address)
    elif recorded != address:
        raise RefusedError(
            "E_KEY_CHANGED",
            f"The key in {path} is {address}, but this folder belongs to {recorded}.",
            remedy="Put the right key file back, or use another --dir for the other hotspot.",
            params={"address": address, "recorded": recorded},
        )
    return signer


def read_key(path: Path) -> SoftwareSigner:
    """Read a key file. Raises `RefusedError` E_KEY_PERMISSIONS, E_KEY_BAD, `FileNotFoundError`."""
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise RefusedError(
            "E_KEY_PERMISSIONS",
            f"The key file {path} can be read by others (mode {mode:o}).",
            remedy=f"Run: chmod 600 {path}",
            params={"path": str(path)},
        )
    try:
        return SoftwareSigner.from_key_file(path.read_bytes())
    except KeyRejected as error:
        raise RefusedError(
            "E_KEY_BAD",
            f"{path} is not a gateway key: {error.reason}.",
            remedy="Put the key file back from a backup.",
            params={"path": str(path), "reason": error.reason},
        ) from None


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = SoftwareSigner.generate(os.urandom).to_key_file()
    # O_EXCL and no rename: whatever happens, a key that is there is never replaced.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
