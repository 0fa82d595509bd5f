"""Runs the command line in this process, or beside a running agent in a thread of its own."""

import asyncio
import io
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skerry_agent.cli.exits import run_command
from skerry_agent.cli.group import root
from skerry_testing.api import Served, fill, serve_api

__all__ = ["Ran", "running_agent", "skerry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


def skerry(folder: Path | None, *arguments: str) -> Ran:
    """Run `skerry --dir FOLDER ARGUMENTS...`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run_command(root, [*(["--dir", str(folder)] if folder else []), *arguments])
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())


@contextmanager
def running_agent(
    folder: Path, *, prepare: Callable[[Served], Awaitable[None]] = fill
) -> Iterator[Callable[[Callable[[Served], object]], None]]:
    """Serve the API with a filled store; yields a function that runs a change on the agent's own event loop."""
    started = threading.Event()
    found: list[tuple[asyncio.AbstractEventLoop, Served, asyncio.Event]] = []

    async def main() -> None:
        async with serve_api(folder) as served:
            await prepare(served)
            stop = asyncio.Event()
            found.append((asyncio.get_running_loop(), served, stop))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="agent")
    thread.start()
    assert started.wait(60)
    loop, served, stop = found[0]

    def change_it(change: Callable[[Served], object]) -> None:
        loop.call_soon_threadsafe(change, served)

    try:
        yield change_it
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
