"""A day of an agent at accelerated time shows flat memory, for `./dev soak`."""

import json
import os
import subprocess
import sys

__all__ = ["GROWTH_LIMIT_KIB", "soak"]

WARM_UP_HOURS = 6  # caches fill, the table of frames reaches its limit
GROWTH_LIMIT_KIB = 2048


def soak(count: int) -> str:
    """Live `count` hours (at least 8); return the figures. Raises `AssertionError` when memory grows."""
    hours = max(8, count)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", "skerry_testing.long_day", str(hours)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    day = json.loads(ran.stdout)
    growth_kib = day["rss_kib"][-1] - day["rss_kib"][WARM_UP_HOURS - 1]
    text = (
        f"{hours} h simulated, {day['frames']} frames, {day['witnessed']} witness reports: "
        f"{day['rss_kib'][WARM_UP_HOURS - 1]} KiB after {WARM_UP_HOURS} h, {day['rss_kib'][-1]} KiB at the end, "
        f"growth {growth_kib} KiB"
    )
    assert day["frames"] > 200 * hours, text
    assert day["state"] == "up", text
    assert growth_kib < GROWTH_LIMIT_KIB, text
    return text
