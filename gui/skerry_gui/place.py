"""Where the agent is: a folder with address and token files, or a given address. Read at each connection."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from skerry_client.errors import NotReachable
from skerry_client.paths import Paths, choose_paths

__all__ = ["Access", "AgentPlace", "FixedPlace", "FolderPlace"]

MAX_FILE_BYTES = 4096  # an address or a token; more is not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A base URL and its token; `fingerprint` is the SHA-256 of the one certificate to accept (None: any trusted)."""

    address: str
    token: str = field(repr=False)
    fingerprint: str | None = None


class AgentPlace:
    """Tells how to reach the agent now."""

    name: str
    start: str  # the command that starts an agent there, empty when it is not ours to start

    def read(self) -> Access:
        """Return address and token. Raises `NotReachable` when no agent runs there."""
        raise NotImplementedError


class FolderPlace(AgentPlace):
    """A local agent's files; read again at each connection, because every start makes a new token."""

    def __init__(self, paths: Paths, *, start: str = "skerry run") -> None:
        self._paths = paths
        self.name = str(paths.state)
        self.start = start

    @classmethod
    def of(cls, folder: Path) -> "FolderPlace":
        """Return the place of an agent that keeps everything in one folder."""
        return cls(choose_paths(folder, environ={}), start=f"skerry run --dir {shlex.quote(str(folder))}")

    def read(self) -> Access:
        return Access(
            address=_line(self._paths.address).rstrip("/"),
            token=_line(self._paths.token),
            fingerprint=_line(self._paths.fingerprint) if self._paths.fingerprint.exists() else None,
        )


class FixedPlace(AgentPlace):
    """An agent at a given address, for example on another machine."""

    def __init__(self, address: str, token: str, fingerprint: str | None = None) -> None:
        self._access = Access(address=address.rstrip("/"), token=token, fingerprint=fingerprint)
        self.name, self.start = address, ""

    def read(self) -> Access:
        return self._access


def _line(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES).decode("ascii").strip()
    except FileNotFoundError:
        raise NotReachable(f"no agent runs in {file.parent}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotReachable(f"{file} cannot be read: {type(error).__name__}") from error
