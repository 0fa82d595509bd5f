"""Links: bytes arrive whole, a lost link wakes everybody, a refusal names its remedy."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
import tty
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links import refusal
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import Pin, SerialSettings

LIMIT_S = 60.0


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Return the far end of a pseudo-terminal and the near end's path."""
    far, near = os.openpty()
    tty.setraw(near)
    path = os.ttyname(near)
    yield far, path
    for descriptor in (near, far):
        try:
            os.close(descriptor)
        except OSError as error:
            assert error.errno == errno.EBADF  # noqa: PT017 - a test may have unplugged it


@pytest.fixture
async def link(terminal: tuple[int, str]) -> AsyncIterator[Link]:
    opened = await open_link(terminal[1], clock=SystemClock(), settings=SerialSettings(dtr=Pin.LOW, rts=Pin.LOW))
    yield opened
    await opened.close()


async def test_bytes_pass_both_ways(terminal: tuple[int, str], link: Link) -> None:
    await link.write(b"AT\r\n")
    async with io_timeout(LIMIT_S):
        assert await asyncio.get_running_loop().run_in_executor(None, os.read, terminal[0], 100) == b"AT\r\n"
        os.write(terminal[0], b"OK\r\n")
        assert await link.read() == b"OK\r\n"
    assert link.key == terminal[1]


async def test_unplugging_wakes_the_reader_and_stops_the_writer(terminal: tuple[int, str], link: Link) -> None:
    async with io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        reading = group.create_task(_lost(link))
        os.close(terminal[0])
    assert reading.result()
    with pytest.raises(LinkLost):
        await link.write(b"AT")


async def _lost(link: Link) -> bool:
    try:
        await link.read()
    except LinkLost:
        return True
    return False


async def test_closing_twice_is_safe_and_ends_reading(link: Link) -> None:
    await link.close()
    await link.close()
    with pytest.raises(LinkLost):
        await link.read()
    with pytest.raises(LinkLost):
        await link.write(b"x")


async def test_a_port_is_opened_by_one_only(terminal: tuple[int, str], link: Link) -> None:
    with pytest.raises(LinkRefused) as caught:
        await open_link(terminal[1], clock=SystemClock())
    assert (caught.value.code, "in this program already" in caught.value.detail) == ("E_PORT_BUSY", True)


async def test_a_missing_port_is_told(tmp_path: Path) -> None:
    with pytest.raises(LinkRefused) as caught:
        await open_link(str(tmp_path / "ttyNONE"), clock=SystemClock())
    assert caught.value.code == "E_PORT_MISSING"
    assert "devices scan" in caught.value.remedy


@pytest.mark.parametrize("url", ["ftp://example", "gwmp:aa555a0000000101"])
async def test_an_unknown_scheme_is_told(url: str) -> None:
    with pytest.raises(LinkRefused) as caught:
        await open_link(url, clock=SystemClock())
    assert caught.value.code == "E_LINK_URL"


async def test_a_network_port_is_opened() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello " + await reader.read(100))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server, io_timeout(LIMIT_S):
        port = server.sockets[0].getsockname()[1]
        link = await open_link(f"socket://127.0.0.1:{port}", clock=SystemClock())
        await link.write(b"you")
        assert await link.read() == b"hello you"
        with pytest.raises(LinkLost):
            await link.read()
        await link.close()


def test_a_refused_permission_names_the_command() -> None:
    error = refusal.explain("/dev/null", PermissionError(errno.EACCES, "Permission denied"))
    assert error.code == "E_PORT_PERMISSION"
    assert "usermod -aG" in error.remedy


def test_the_holder_of_a_port_is_found_by_name(tmp_path: Path) -> None:
    held = tmp_path / "port"
    held.touch()
    code = f"import sys; f = open({str(held)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        found = refusal.holder_of(str(held))
        holder.communicate("")
    assert found is not None
    assert found[0] == holder.pid


def test_modem_manager_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "holder_of", lambda path: (7, "ModemManager"))
    error = refusal.explain("/dev/ttyACM0", OSError(errno.EBUSY, "busy"))
    assert error.code == "E_PORT_MODEMMANAGER"
    assert error.remedy.index("modem-manager:any") < error.remedy.index("ID_MM_DEVICE_IGNORE")


async def test_loopback_ends_meet_and_close_together() -> None:
    left, right = LoopbackLink.pair("test")
    await left.write(b"one")
    await left.write(b"two")
    assert (await right.read(), await right.read()) == (b"one", b"two")
    async with io_timeout(LIMIT_S), asyncio.TaskGroup() as group:
        reading = group.create_task(_lost(right))
        await left.close()
    assert reading.result()
    with pytest.raises(LinkLost):
        await right.write(b"x")


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
async def test_a_network_port_where_nobody_listens_is_explained_and_not_to_be_replugged(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LinkRefused) as caught:
            await open_link(url, clock=SystemClock())
    assert caught.value.code == "E_PORT_UNREACHABLE"
    assert caught.value.detail.startswith(f"Nothing answers at {url}: ")
    assert "network" in caught.value.remedy
