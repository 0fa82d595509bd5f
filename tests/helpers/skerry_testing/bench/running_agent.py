"""A real `skerry run` as a process of its own, and how much of a core it takes while something goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.bench.processes import cpu_s

__all__ = ["core_share", "running_agent"]

EXIT_S = 10


@contextmanager
def running_agent(folder: Path, *settings: str) -> Iterator[int]:
    """Run an agent for the length of the block; give its process id."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = ["--dir", str(folder), "--set", "api.port=0"]
    for setting in settings:
        arguments += ["--set", setting]
    command = [sys.executable, "-P", "-m", "skerry_agent.cli", *arguments, "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ) as child:
        assert child.stdout is not None
        assert child.stdout.readline(), "the agent did not start"  # it tells its address once it answers
        try:
            yield child.pid
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(EXIT_S)


async def core_share(pid: int, work: Callable[[], Awaitable[None]]) -> float:
    """Return the share of one core, in percent, that a process takes while `work` runs."""
    clock = SystemClock()
    before_s, started_ns = cpu_s(pid), clock.monotonic_ns()
    await work()
    return 100 * (cpu_s(pid) - before_s) / ((clock.monotonic_ns() - started_ns) / NS_PER_S)
