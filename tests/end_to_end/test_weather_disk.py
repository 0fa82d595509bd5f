"""A disk that fills up or is read-only: the agent lives, says so, and goes on by itself when there is room again."""

import asyncio
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from skerry_client import calls
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.agents import create_agent
from skerry_testing.cli import skerry
from skerry_testing.kill_loop import DEVICE
from skerry_testing.weather import loaded, until

WAIT_S = 60.0
DISK_BYTES = 24 << 20
UNLIMITED = resource.RLIM_INFINITY


async def count_packets(client: AgentClient) -> int:
    """Return how many of the newest frames are stored, at most a page."""
    return len((await client.call(calls.packets(limit=500))).items)


async def check_full_disk(client: AgentClient, code: str, *, make_room: Callable[[], object]) -> None:
    """The disk is full from now on: status and changes say so; with room everything goes on."""
    status = await until(client, lambda status: status.state == "down" and code in status.summary)
    assert status.next_step
    with pytest.raises(ApiProblem) as refused:
        await client.call(calls.change_device(DEVICE, name="while it was full"))
    assert (refused.value.status, refused.value.code) == (503, code)
    make_room()
    await until(client, lambda status: status.state == "up")
    await client.call(calls.change_device(DEVICE, name="after it was full"))
    before = await count_packets(client)
    async with io_timeout(WAIT_S):
        while await count_packets(client) <= before:
            await SystemClock().sleep(0.05)


async def test_files_that_cannot_grow_are_told_and_survived(tmp_path: Path) -> None:
    async with loaded(tmp_path) as (agent, client):
        assert agent.process.pid is not None
        pid = agent.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, UNLIMITED))  # every write beyond the first byte fails
        await check_full_disk(
            client, "E_DISK_IO", make_room=lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
        )
    assert (await asyncio.to_thread(skerry, tmp_path, "proof", "check")).code == 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of its own; skips the test where that is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder)], check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with loaded(disk) as (_, client):
            ballast = disk / "ballast"
            fill(ballast)
            await check_full_disk(client, "E_DISK_FULL", make_room=ballast.unlink)
        assert (await asyncio.to_thread(skerry, disk, "proof", "check")).code == 0


def fill(file: Path) -> None:
    """Write until there is no room for one more byte."""
    with file.open("wb", buffering=0) as stream:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while stream.write(bytes(size)):
                    pass
            except OSError:
                continue


async def test_a_start_on_a_full_disk_or_a_read_only_one_says_so_in_one_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        await create_agent(disk)
        fill(disk / "ballast")
        assert "No space left on device" in await refusal(disk)
        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert "Read-only file system" in await refusal(disk)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


async def refusal(folder: Path) -> str:
    """Try to start an agent; return what it says."""
    ran = await asyncio.to_thread(skerry, folder, "run")
    assert ran.code == 1, ran
    assert len(ran.err.splitlines()) <= 3, ran.err
    assert "Internal error" not in ran.err
    return ran.err
