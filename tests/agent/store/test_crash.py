import json
import os
import subprocess
import sys
from pathlib import Path


def test_twenty_kills_lose_and_double_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "skerry_testing.crash", str(tmp_path), "20", "7"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert result["kills"] == 20
    assert result["acknowledged"] >= 200
