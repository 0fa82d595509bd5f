"""`skerry rewards claim --commit` is killed again and again in a kept demo; at the end the books agree to the unit."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

from skerry_agent.demo.run import DemoOptions, run_demo
from skerry_core.clock import NS_PER_S, SystemClock

__all__ = ["kill_claims", "kill_claims_of"]

LONGEST_S = 1.2  # a whole claim takes about a second


def kill_claims(folder: Path, *, kills: int, seed: int, limit_s: float) -> str:
    """Run a demo and kill the claims of what it left unpaid; as `kill_claims_of`."""
    origin = folder / "demo"
    options = DemoOptions(
        hotspots=12, epochs=1, seed=seed, folder=origin, output=origin, captures=[], leave_epoch_unpaid=True
    )
    origin.mkdir()
    run_demo(options, lambda _fraction, _words: None)
    return kill_claims_of(origin, folder, kills=kills, seed=seed, limit_s=limit_s)


def kill_claims_of(origin: Path, folder: Path, *, kills: int, seed: int, limit_s: float) -> str:
    """Kill `kills` claims in copies of a kept demo, or as many as fit; return a summary.

    Raises `AssertionError` for any difference between oracle, ledger and chain.
    """
    random, clock = Random(seed), SystemClock()
    deadline_ns = clock.monotonic_ns() + round(limit_s * NS_PER_S)
    killed = finished = 0
    while killed < kills and clock.monotonic_ns() < deadline_ns:
        kept = Path(shutil.copytree(origin, folder / "kept"))
        while killed < kills:
            code = _claim(kept, kill_after_s=random.uniform(0.2, LONGEST_S))
            if code == 0:  # it was paid before the kill came
                break
            assert code == -signal.SIGKILL, f"claim ended with {code}"
            killed += 1
        assert _claim(kept, kill_after_s=None) == 0
        books = json.loads(_run(kept, "rewards", "reconcile", "--json").communicate(timeout=60)[0])
        assert books["agree"], books
        assert not any(owner["pending"] for owner in books["owners"]), books
        finished += 1
        shutil.rmtree(kept)
    return f"{killed} kills in {finished} kept demos, every epoch paid once, books equal to the chain"


def _claim(kept: Path, *, kill_after_s: float | None) -> int:
    with _run(kept, "rewards", "claim", "--commit") as child:
        try:
            child.communicate(timeout=60 if kill_after_s is None else kill_after_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.returncode


def _run(kept: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "skerry_agent.cli", *arguments, "--dir", str(kept)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ)
