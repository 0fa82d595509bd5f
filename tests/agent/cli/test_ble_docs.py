"""The commands of docs/ble.md, typed as they are printed there, against the emulated hotspot of another process."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from skerry_simulate.devices.ble_faults import BleFaults

PAGE = Path(__file__).parents[3] / "docs" / "ble.md"
PROGRAM = [sys.executable, "-P", "-m", "skerry_agent.cli"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
WIFI_PASSWORD, WALLET_PASSWORD = "correct horse", "a wallet's secret"
ANSWERS = {
    "Password of TEST-NET: ": WIFI_PASSWORD,
    "Password of the wallet mine: ": WALLET_PASSWORD,
    "Sign this? [y/N]: ": "y",
    "New password: ": WALLET_PASSWORD,
    "Repeat for confirmation: ": WALLET_PASSWORD,
}
LIMIT_S = 60.0


@contextmanager
def simulated_hotspot(folder: Path) -> Iterator[str]:
    """Run `skerry simulate helium-hotspot`; yields the line to export."""
    environment = ENVIRONMENT | {"XDG_RUNTIME_DIR": str(folder)}
    with subprocess.Popen(
        [*PROGRAM, "simulate", "helium-hotspot"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.strip().startswith("DBUS_SYSTEM_BUS_ADDRESS="):
                    yield line.split()[0]
                    break
        finally:
            process.terminate()


def typed(command: str, folder: Path, export: str) -> tuple[int, str]:
    """Type a command at a terminal and answer its questions; return its exit code and what the terminal shows."""
    ours, theirs = os.openpty()
    name, _, value = export.partition("=")
    words = command.split()
    with subprocess.Popen(
        [*PROGRAM, "--dir", str(folder), *words[1:]],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=ENVIRONMENT | {name: value},
    ) as process:  # fmt: skip
        os.close(theirs)
        shown, waiting = "", ""
        while select.select([ours], [], [], LIMIT_S)[0]:
            try:
                part = os.read(ours, 4096).decode()
            except OSError:  # the program has ended
                break
            shown, waiting = shown + part, waiting + part
            question = next((one for one in ANSWERS if waiting.endswith(one)), None)
            if question is not None:
                os.write(ours, (ANSWERS[question] + "\n").encode())
                waiting = ""
        os.close(ours)
    return process.returncode, shown


@pytest.mark.debian
def test_every_documented_command_works_as_it_is_printed(tmp_path: Path) -> None:
    steps = PAGE.read_text().partition("## Onboarding, step by step")[2].partition("\n##")[0]
    commands = re.findall(r"^    (skerry .+)$", steps, re.MULTILINE)
    assert len(commands) == 10
    outputs = {}
    with simulated_hotspot(tmp_path) as export:
        for command in commands:
            code, shown = typed(command, tmp_path / "home", export)
            assert code == 0, f"{command}: {shown}"
            assert WIFI_PASSWORD not in shown
            assert WALLET_PASSWORD not in shown
            outputs[command] = shown
    scanned, lights, info, wifi, joined, diagnostics, _, request, committed, forgotten = outputs.values()
    assert "Helium Hotspot 0A1B" in scanned
    assert "on" in lights
    assert "EMU0A1B" in info
    assert "TEST-NET" in wifi
    assert "is connected to TEST-NET" in joined
    assert "2026.11.01" in diagnostics
    assert "Nothing was asked of the hotspot" in request
    assert re.search(r"owner_signed +True", committed)
    assert "Nothing was sent to any network." in committed
    assert "has forgotten TEST-NET" in forgotten


def test_the_page_names_every_code_and_every_fault() -> None:
    page = PAGE.read_text()
    sources = Path(__file__).parents[3]
    written = ""
    for folder in ("firmware_bridge/skerry_firmware_bridge/ble", "agent/skerry_agent/cli", "agent/skerry_agent/wallet"):
        written += "".join(file.read_text() for file in (sources / folder).glob("*.py"))
    codes = set(re.findall(r'"(E_BLE_[A-Z_]+)"', written)) - {"E_BLE_SCAN", "E_BLE_SILENT"}  # of `devices scan`
    assert codes - {code for code in codes if f"`{code}`" in page} == set()
    for name in BleFaults.__slots__:
        assert f"`{name}" in page, name
