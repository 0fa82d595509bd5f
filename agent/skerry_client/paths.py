"""Where everything is: settings, databases, keys, token, socket. Used by the agent and by every local client of it.

Three layouts: everything in one folder (`--dir` or SKERRY_DIR), a system service, a desktop user.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Paths", "choose_paths"]

MAX_SOCKET_PATH_BYTES = 107  # sun_path of Linux without its final zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders and files of one agent."""

    config: Path
    state: Path
    runtime: Path
    cache: Path

    @property
    def keys(self) -> Path:
        """The folder of key files, mode 0700."""
        return self.state / "keys"

    @property
    def gateway_key(self) -> Path:
        """The gateway key's file."""
        return self.keys / "gateway.key"

    @property
    def database(self) -> Path:
        """The durable database."""
        return self.state / "skerry.db"

    @property
    def telemetry(self) -> Path:
        """The database of frames and metrics."""
        return self.state / "telemetry.db"

    @property
    def token(self) -> Path:
        """The local API token's file, mode 0600; it is made anew at each start."""
        return self.runtime / "api.token"

    @property
    def address(self) -> Path:
        """The file that tells local programs the API's address."""
        return self.runtime / "api.address"

    @property
    def fingerprint(self) -> Path:
        """The file with the SHA-256 of the API's certificate; absent without TLS."""
        return self.runtime / "api.fingerprint"

    @property
    def socket(self) -> Path:
        """The API's Unix socket."""
        return self.runtime / "api.sock"

    @property
    def lock(self) -> Path:
        """The file that one running agent holds."""
        return self.state / "agent.lock"

    @property
    def log(self) -> Path:
        """The log file where no journal keeps the log."""
        return self.state / "skerry.log"

    def socket_fits(self) -> bool:
        """Whether the socket's path is short enough for the operating system."""
        return len(os.fsencode(self.socket)) <= MAX_SOCKET_PATH_BYTES

    def create(self) -> None:
        """Create the folders, readable by this user only. Raises `OSError`."""
        for folder in (self.state, self.runtime, self.keys):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def as_dict(self) -> dict[str, str]:
        """Return every location by name."""
        names = ("config", "state", "runtime", "cache", "keys", "database", "telemetry", "token", "socket", "log")
        return {name: str(getattr(self, name)) for name in names}


def choose_paths(
    folder: Path | None, *, environ: Mapping[str, str], platform: str = sys.platform, root: bool | None = None
) -> Paths:
    """Return the layout for a `--dir` folder, SKERRY_DIR, a service (systemd's variables, or root) or this user."""
    if folder is None and environ.get("SKERRY_DIR"):
        folder = Path(environ["SKERRY_DIR"])
    if folder is not None:
        folder = folder.absolute()
        return Paths(config=folder / "skerry.toml", state=folder, runtime=folder, cache=folder / "cache")
    if root is None:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
    if platform.startswith("linux") and (root or "STATE_DIRECTORY" in environ):
        return Paths(
            config=Path(environ.get("CONFIGURATION_DIRECTORY", "/etc/skerry")) / "skerry.toml",
            state=Path(environ.get("STATE_DIRECTORY", "/var/lib/skerry").split(":")[0]),
            runtime=Path(environ.get("RUNTIME_DIRECTORY", "/run/skerry")),
            cache=Path(environ.get("CACHE_DIRECTORY", "/var/cache/skerry")),
        )
    return _user_paths(environ, platform)


def _user_paths(environ: Mapping[str, str], platform: str) -> Paths:
    home = Path(environ.get("HOME") or Path.home())
    if platform == "win32":
        base = Path(environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "Skerry"
        return Paths(config=base / "skerry.toml", state=base, runtime=base, cache=base / "cache")
    if platform == "darwin":
        base = home / "Library" / "Application Support" / "Skerry"
        return Paths(config=base / "skerry.toml", state=base, runtime=base, cache=home / "Library/Caches/Skerry")
    state = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "skerry"
    runtime = environ.get("XDG_RUNTIME_DIR")
    return Paths(
        config=Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "skerry" / "skerry.toml",
        state=state,
        runtime=Path(runtime) / "skerry" if runtime else state,
        cache=Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "skerry",
    )
