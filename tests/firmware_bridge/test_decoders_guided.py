"""Coverage-guided fuzzing: a minute for all decoders together, each in a process that libFuzzer ends by itself."""

import os
import subprocess
import sys

import pytest

from skerry_testing.decoders import DECODERS

pytest.importorskip("atheris", reason="atheris has wheels for Linux on x86-64 only")

TOGETHER_S = 60
START_S = 60  # instrumenting every module, on a busy machine


@pytest.mark.parametrize("family", sorted(DECODERS))
def test_guided_inputs_raise_nothing_but_the_decoders_own_error(family: str) -> None:
    seconds = max(1, TOGETHER_S // len(DECODERS))
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "skerry_testing.coverage_fuzz", family, str(seconds)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=seconds + START_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "Done " in ran.stderr
