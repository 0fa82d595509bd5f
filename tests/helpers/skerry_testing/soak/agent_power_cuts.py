"""The long form of the power-cut test, for `./dev soak`: after every cut a whole operator goes on."""

import tempfile
from pathlib import Path

from skerry_testing.power_loop import run_power_cuts

__all__ = ["soak"]


def soak(count: int) -> str:
    """Record and cut `count` runs; return what was found. Raises `AssertionError` for anything lost."""
    lines = []
    for _ in range(count):
        with tempfile.TemporaryDirectory(prefix="skerry-power-") as folder:
            report = run_power_cuts(Path(folder), full_checks=None)
            lines.append(str(report))
            assert not report.problems, str(report)
    return "\n".join(lines)
