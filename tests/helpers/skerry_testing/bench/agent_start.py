"""How soon `skerry run` answers its API, and what it keeps in memory while idle."""

import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.bench.processes import cpu_s, resident_mb

__all__ = ["measure"]

RUNS = 5
LOOKS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds until the API answered, by the clock and by the agent's processor time; MB resident afterwards."""

    seconds: float
    cpu_s: float
    resident_mb: float


def measure(folder: Path) -> tuple[Start, Start, float, float]:
    """Return the best first start, the best later one, MB when idle, and seconds of an interpreter that does nothing.

    The best of five: the others measure the rest of the machine.
    """
    _start(folder / "warm-up")  # writes the bytecode, which an installed program has
    firsts = [_start(folder / f"new-{number}") for number in range(RUNS)]
    again = [_start(folder / "new-0") for _ in range(RUNS)]
    by_time = attrgetter("seconds")
    bare_s = min(_bare() for _ in range(RUNS))
    return min(firsts, key=by_time), min(again, key=by_time), max(one.resident_mb for one in again), bare_s


def _start(folder: Path) -> Start:
    clock = SystemClock()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    arguments = ["--dir", str(folder), "--set", "api.port=0", "--set", "gwmp.listen=127.0.0.1:0", "run"]
    started_ns = clock.monotonic_ns()
    command = [sys.executable, "-P", "-m", "skerry_agent.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ) as child:
        assert child.stdout is not None
        address = child.stdout.readline().split()[1].removesuffix("/api/v1")
        _look(address)
        seconds, used_s = (clock.monotonic_ns() - started_ns) / NS_PER_S, cpu_s(child.pid)
        for _ in range(LOOKS):  # so that what is loaded on use is loaded
            _look(address)
        mb = resident_mb(child.pid)
        child.send_signal(signal.SIGTERM)
        child.wait(10)
    return Start(seconds=seconds, cpu_s=used_s, resident_mb=mb)


def _look(address: str) -> None:
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        assert answer.status == 200


def _bare() -> float:
    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (clock.monotonic_ns() - started_ns) / NS_PER_S
