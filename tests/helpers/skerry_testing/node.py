"""Node programs that stand for counterparts; `./dev test --peers` puts their packages where NODE_PATH says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["need_node"]


def need_node(*packages: str, major: int = 18) -> None:
    """Skip the test unless these packages are installed, and node in at least this major version."""
    folder = Path(os.environ.get("NODE_PATH", ""))
    missing = [name for name in packages if not (folder / name).is_dir()]
    if shutil.which("node") is None or missing:
        pytest.skip(f"{', '.join(missing) or 'node'} not installed: ./dev test --peers")
    version = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, timeout=20, check=True
    ).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < major:
        pytest.skip(f"{', '.join(packages)} wants Node {major}, this is {version}")
