"""Six emulators in processes of their own, found by the program itself, as a person would run both."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

SIX = {
    "corecell-usb": ("sx1302-usb", "firmware", "V01.00.00"),
    "quectel-rm520n": ("modem", "model", "RM520N-GL"),
    "p1-v5": ("p1", "serial", "SKRY0000000001"),
    "rn2483": ("rn2483", "firmware", "1.0.5"),
    "sunspec-meter-rtu": ("sunspec", "serial", "SN0002"),
    "wio-e5": ("wio-e5", "firmware", "4.0.11"),
}
START_S = 30.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's surroundings with a folder of announcements of their own."""
    return os.environ | {
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "HOME": str(tmp_path),
    }


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "skerry_agent.cli", *arguments]


@contextmanager
def emulator(name: str, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(program("simulate", name, "--json"), env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=START_S)


def scan(environment: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        program("devices", "scan", "--json", *arguments), env=environment, capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_six_running_emulators_are_listed_with_kind_and_identity_and_leave_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with ExitStack() as stack:
        running = [stack.enter_context(emulator(name, environment)) for name in SIX]
        urls = {told["name"]: told["url"] for _, told in running}
        # the machine's own ports are none of a test's business, so the six are named
        found = {device["url"]: device for device in scan(environment, *urls.values())}
        for name, (kind, trait, value) in SIX.items():
            device = found[urls[name]]
            assert (device["kind"], device["identity"][trait], device["problem"]) == (kind, value, None), name
        for number, (process, _) in enumerate(running):
            process.send_signal((signal.SIGTERM, signal.SIGINT, signal.SIGKILL)[number % 3])
            assert process.wait(START_S) == (0, 0, -signal.SIGKILL)[number % 3]
    ours = str(tmp_path)
    assert [device["url"] for device in scan(environment, "--no-probe") if ours in device["url"]] == []
    folder = tmp_path / f"skerry-{os.getuid()}" / "ports"
    assert [path.name for path in folder.rglob("*")] == ["buses"]


def test_a_named_port_that_is_missing_shows_in_the_exit_code(tmp_path: Path, environment: dict[str, str]) -> None:
    command = program("devices", "scan", "--json", str(tmp_path / "absent"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)[0]["problem"]["code"] == "E_PORT_MISSING"


def test_one_command_runs_several_devices_even_of_one_kind(tmp_path: Path, environment: dict[str, str]) -> None:
    names = ("sunspec-inverter", "sunspec-inverter", "wio-e5", "wio-e5", "picocell")
    command = program("simulate", *names, "--json")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert [device["name"] for device in told] == list(names)
        listed = {device["url"] for device in scan(environment, "--no-probe") if device["guess"] == "emulated device"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_S) == 0
    assert listed == {device["url"] for device in told}
    assert len(listed) == len(names)
