"""A PostgreSQL server for tests: Debian's package, started in a temporary folder, reached by a Unix socket only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["find_postgres", "running_postgres"]

SERVER_USER = "postgres"  # the server refuses to run as root


def find_postgres() -> Path | None:
    """Return the folder of the server's programs, None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[str]:
    """Run a server; yields the URL of its empty database."""
    user = SERVER_USER if os.geteuid() == 0 else None
    # Not pytest's folder: the server's user could not enter it, and a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="skpg") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        _call(user, programs / "initdb", "-D", data, "-A", "trust", "-U", "tester", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=40"
        _call(user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            _call(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _call(user: str | None, *command: str | Path) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
