import os
import subprocess
import sys
from pathlib import Path

import pytest

from skerry_agent.instance_lock import InstanceLock
from skerry_core.errors import RefusedError

HOLD = """
import sys
from pathlib import Path
from skerry_agent.instance_lock import InstanceLock
with InstanceLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_agent_in_the_folder_is_refused_naming_the_first(tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "lock"):
        with pytest.raises(RefusedError) as caught, InstanceLock(tmp_path / "lock"):
            pass
        assert caught.value.code == "E_RUNNING"
        assert str(os.getpid()) in caught.value.detail
    with InstanceLock(tmp_path / "lock"):
        pass


def test_the_lock_of_a_killed_agent_is_free(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(RefusedError), InstanceLock(tmp_path / "lock"):
            pass
        child.kill()
        child.wait()
        with InstanceLock(tmp_path / "lock"):
            pass
