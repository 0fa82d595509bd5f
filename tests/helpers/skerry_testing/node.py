"""Node programs that stand for counterparts; `./dev test --peers` puts their packages where NODE_PATH says."""

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["need_node"]


def need_node(*packages: str) -> None:
    """Skip the test unless node and these packages are installed."""
    folder = Path(os.environ.get("NODE_PATH", ""))
    missing = [name for name in packages if not (folder / name).is_dir()]
    if shutil.which("node") is None or missing:
        pytest.skip(f"{', '.join(missing) or 'node'} not installed: ./dev test --peers")
