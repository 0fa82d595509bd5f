"""The verbs that go on: `packets --follow` and `status --watch`, as child processes ended by Ctrl-C."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from skerry_testing.api import NOW_NS, Served, fill
from skerry_testing.cli import running_agent


@contextmanager
def child(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "skerry_agent.cli", *arguments, "--dir", str(folder)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # A shell's background job ignores Ctrl-C, and so would the child of tests that run as one.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def hear_one_more(served: Served) -> None:
    async def store() -> None:
        old = await served.stores.packets.get("p1")
        assert old is not None
        await served.stores.packets.add([replace(old, id="p99", at_ns=NOW_NS + 10**12)])
        served.hub.publish("packets", {"id": "p99"})

    tasks.append(asyncio.ensure_future(store()))


tasks: list[object] = []  # keeps the scheduled job alive until the agent's loop has run it


def test_new_frames_are_shown_as_they_come(tmp_path: Path) -> None:
    with running_agent(tmp_path, prepare=fill) as change, child(tmp_path, "packets", "--follow") as process:
        assert process.stdout is not None
        assert [process.stdout.readline().split()[1] for _ in range(3)] == ["p1", "p2", "p3"]
        change(hear_one_more)
        assert process.stdout.readline().split()[1] == "p99"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_the_status_is_shown_again_when_something_changes(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change, child(tmp_path, "status", "--watch", "--json") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        change(lambda served: setattr(served.view, "test_tokens", True))
        change(lambda served: served.hub.publish("status", {}))
        second = json.loads(process.stdout.readline())
        assert [first["test_tokens"], second["test_tokens"]] == [False, True]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        command = f"{sys.executable} -m skerry_agent.cli --dir {tmp_path} packets --limit 500 | head -c 1"
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=environ, check=False
        )
        assert done.returncode == 0
        assert "Traceback" not in done.stderr
