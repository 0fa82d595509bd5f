"""The systemd unit: how much it is locked up, and what it promises about files and memory."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from skerry_agent.cli.group import root as commands

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "packaging" / "systemd" / "skerry.service"
CEILING = 2.0  # of systemd's exposure score, 0 (locked up) to 10


def directives(file: Path) -> dict[str, list[str]]:
    """Return every value of each directive."""
    found: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (Debian package systemd)")
def test_its_exposure_stays_below_the_ceiling() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    score = re.search(r"Overall exposure level for skerry\.service: ([0-9.]+)", said)
    assert score is not None, said
    assert float(score.group(1)) <= CEILING


def test_it_denies_writable_executable_memory_and_only_the_operators_drop_in_allows_it() -> None:
    assert directives(UNIT)["MemoryDenyWriteExecute"] == ["yes"]
    assert directives(ROOT / "packaging" / "systemd" / "operator.conf") == {"MemoryDenyWriteExecute": ["no"]}


def test_it_starts_a_command_that_exists() -> None:
    program, *arguments = directives(UNIT)["ExecStart"][0].split()
    assert program == "/usr/bin/skerry"
    context = commands.make_context("skerry", arguments, resilient_parsing=False)
    assert commands.get_command(context, arguments[-1]) is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_an_agent_without_operator_runs_without_writable_executable_memory(tmp_path: Path) -> None:
    # PR_SET_MDWE (65) is what systemd's directive asks newer kernels for; children and programs started later keep it.
    deny = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) and sys.exit(77); os.execv(sys.argv[1], sys.argv[1:])"  # noqa: E501
    locked = [sys.executable, "-c", deny]
    if subprocess.run([*locked, "/bin/true"], check=False).returncode == 77:
        pytest.skip("this kernel cannot deny writable executable memory by prctl (needs Linux 6.3)")
    allocate = "import mmap; mmap.mmap(-1, 4096, prot=7)"
    denied = subprocess.run([*locked, sys.executable, "-c", allocate], check=False, capture_output=True)
    assert b"PermissionError" in denied.stderr, "the lock is on"
    agent = [sys.executable, "-P", "-m", "skerry_agent.cli", "--dir", str(tmp_path), "run"]
    environ = os.environ | {"SKERRY_API_PORT": "0", "SKERRY_GWMP_LISTEN": "127.0.0.1:0"}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen([*locked, *agent], env=environ, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1].decode().removesuffix("/api/v1")
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)
