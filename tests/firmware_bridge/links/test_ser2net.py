"""Serial ports that ser2net, the server in every distribution, offers in the network."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.serial import SerialLink
from skerry_simulate.pty import PtyPort

CLOCK = SystemClock()
LIMIT_S = 60.0
PROGRAM = shutil.which("ser2net", path="/usr/local/sbin:/usr/sbin:/usr/bin")
pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(PROGRAM is None, reason="needs ser2net: sudo apt install ser2net"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def opened(url: str) -> Link:
    while True:
        try:
            return await open_link(url, clock=CLOCK)
        except LinkRefused:
            await CLOCK.sleep(0.05)


async def read_all(link: Link) -> None:
    while True:
        await link.read()


@asynccontextmanager
async def served(port: PtyPort, folder: Path, number: int) -> AsyncIterator[str]:
    """Let ser2net serve a port; return its URL, where it listens soon."""
    assert PROGRAM is not None
    config = folder / "ser2net.yaml"
    config.write_text(f"""connection: &one
  accepter: telnet(rfc2217),tcp,127.0.0.1,{number}
  connector: serialdev,{port.path},115200n81,local
  options:
    mdns: false
""")
    arguments = ("-n", "-d", "-c", str(config), "-P", str(folder / "pid"))
    process = await asyncio.create_subprocess_exec(PROGRAM, *arguments, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield f"rfc2217://127.0.0.1:{number}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_a_port_of_ser2net_opens_changes_its_speed_and_is_lost_with_it(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def answer(data: bytes) -> None:
        heard.append(data)
        port.write(b"\r\nOK\xff\r\n")

    port = PtyPort(name="modem", clock=CLOCK, on_data=answer)
    number = free_port()
    async with io_timeout(LIMIT_S), port:
        async with served(port, tmp_path, number) as url:
            link = await opened(url)
            assert isinstance(link, SerialLink)
            await link.set_baud(9600)
            await link.write(b"AT\xff\r")
            said = b""
            while not said.endswith(b"OK\xff\r\n"):
                said += await link.read()
            assert b"".join(heard) == b"AT\xff\r"
        with pytest.raises(LinkLost):
            await read_all(link)
        await link.close()
        with pytest.raises(LinkRefused, match="Nothing answers at"):
            await open_link(url, clock=CLOCK)
