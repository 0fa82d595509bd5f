"""`skerry oracle run` as a process of its own, for counterparts that know it by address and public key only."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner

__all__ = ["OracleProcess", "running_oracle"]

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
LAST_LINE = "No payer is set here"
COMMAND_LIMIT_S = 60
STOP_LIMIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleProcess:
    """A running oracle: where its gRPC services answer, and its key as base58 text."""

    folder: Path
    address: str
    public_key: str

    def run(self, *arguments: str, text: str = "") -> str:
        """Run `skerry oracle ...` against it; return what it prints."""
        return _skerry(self.folder, *arguments, text=text)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return verdicts and refusals, counted by kind and reason."""
        counted: dict[str, dict[str, int]] = json.loads(self.run("report", "--json"))
        return counted

    def join(self, *, gateway: Path, owner: SoftwareSigner, cell: str, region: str) -> str:
        """Register, place and admit the hotspot of a key file; return its address."""
        owner_file = self.folder / f"{PublicKey(owner.public_key).address}.key"
        owner_file.write_bytes(owner.to_key_file())
        keys = ("--gateway-key", str(gateway), "--owner-key", str(owner_file))
        answer: dict[str, Any] = json.loads(self.run("register", *keys, "--cell", cell, "--region", region, "--json"))
        self.run("admit", answer["gateway"])
        return str(answer["gateway"])


@contextmanager
def running_oracle(folder: Path, *, network: str = "valley") -> Iterator[OracleProcess]:
    """Make an oracle in `folder` and run it on free ports of loopback until the block ends."""
    _skerry(folder, "init", "--network", network)
    command = _command(folder, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    with (
        (folder / "oracle.log").open("w") as log,
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            told: dict[str, str] = {}
            for line in process.stdout:
                if line.startswith(LAST_LINE):
                    break
                name, _, value = line.rpartition(" ")
                told[name.strip()] = value.strip()
            assert {"gRPC", "public key"} <= told.keys(), (folder / "oracle.log").read_text()
            yield OracleProcess(folder=folder, address=told["gRPC"], public_key=told["public key"])
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=STOP_LIMIT_S) == 0, (folder / "oracle.log").read_text()


def _command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "skerry_agent.cli", "--dir", str(folder), "oracle", *arguments]


def _skerry(folder: Path, *arguments: str, text: str = "") -> str:
    done = subprocess.run(
        _command(folder, *arguments), env=ENVIRONMENT, input=text, capture_output=True, text=True,
        timeout=COMMAND_LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
