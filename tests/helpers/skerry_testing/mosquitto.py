"""The MQTT broker of Debian's package mosquitto, started in a temporary folder on a free port of this machine."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from skerry_agent.tls import TlsFiles
from skerry_testing.sockets import listening

__all__ = ["Mosquitto", "mosquitto"]

PASSWORD = "correct horse"  # of the user `skerry`
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))  # Debian has it in /usr/sbin


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True, kw_only=True)
class Mosquitto:
    """A broker that a test may stop and start again; retained messages are lost then, as after a fresh install."""

    port: int
    configuration: Path
    program: str
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run and return once it accepts connections."""
        self.process = await asyncio.create_subprocess_exec(
            self.program, "-c", str(self.configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await listening(self.port)

    async def kill(self) -> None:
        """End without a word."""
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            self.process = None


@asynccontextmanager
async def mosquitto(folder: Path, *, login: bool = False, tls: TlsFiles | None = None) -> AsyncIterator[Mosquitto]:
    """Run a broker, with `login` for the user `skerry` only; skip the test where mosquitto is missing."""
    program = shutil.which("mosquitto", path=PLACES)
    if program is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    port = _free_port()
    lines = [f"listener {port} 127.0.0.1", f"allow_anonymous {'false' if login else 'true'}"]
    if os.geteuid() == 0:
        lines.append("user root")  # otherwise it changes to a user who may not read the test's folder
    if login:
        passwords = folder / "passwords"
        tool = shutil.which("mosquitto_passwd", path=PLACES)
        assert tool is not None  # of the same package
        subprocess.run([tool, "-b", "-c", str(passwords), "skerry", PASSWORD], check=True, timeout=30)
        lines.append(f"password_file {passwords}")
    if tls is not None:
        lines += [f"certfile {tls.certificate}", f"keyfile {tls.key}"]
    configuration = folder / "mosquitto.conf"
    configuration.write_text("\n".join(lines) + "\n")
    broker = Mosquitto(port=port, configuration=configuration, program=program)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()
