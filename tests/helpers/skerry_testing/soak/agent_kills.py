"""The long form of the kill test, for `./dev soak`."""

import asyncio
import tempfile
from pathlib import Path

from skerry_testing.kill_loop import run_kill_loop

__all__ = ["soak"]

KILLS_PER_AGENT = 50  # then a new agent, so that the checks stay quick


def soak(count: int) -> str:
    """Kill agents `count` times; return what was found. Raises `AssertionError` for anything lost."""
    lines = []
    for start in range(0, count, KILLS_PER_AGENT):
        with tempfile.TemporaryDirectory(prefix="skerry-kills-") as folder:
            kills = min(KILLS_PER_AGENT, count - start)
            report = asyncio.run(run_kill_loop(Path(folder), kills=kills, seed=1000 + start))
            lines.append(str(report))
            assert not report.problems, str(report)
    return "\n".join(lines)
