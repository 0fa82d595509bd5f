"""The wheel and the Debian package hold every file that the packages need."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("agent", "gui", "firmware_bridge", "coverage", "wallet")
_BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel from this checkout; needs no network."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-P", "-c", _BUILD, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return zipfile.ZipFile(folder / built.stdout.split()[-1])


def sources() -> set[str]:
    """Return every file of the packages in the checkout, as a path below its folder."""
    return {
        str(file.relative_to(ROOT / folder))
        for folder in FOLDERS
        for package in (ROOT / folder).glob("skerry_*")
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_every_file_of_every_package(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert sources() - held == set()
    assert held - sources() == set()


def test_data_files_are_among_them(wheel: zipfile.ZipFile) -> None:
    suffixes = {Path(name).suffix for name in wheel.namelist()}
    assert {".toml", ".txt", ".idl", ".json", ".proto", ".typed"} <= suffixes


def test_the_wheel_brings_both_commands_and_the_licence(wheel: zipfile.ZipFile) -> None:
    names = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}
    commands = wheel.read(names["entry_points.txt"]).decode()
    assert "skerry = skerry_agent.cli:main" in commands
    assert "skerry-desktop = skerry_gui.main:main" in commands
    assert "licenses/LICENSE" in names


def test_the_debian_package_copies_every_package_but_the_window() -> None:
    recipe = (ROOT / "packaging" / "build").read_text()
    copied = set(re.findall(r"\b(?:agent|gui|firmware_bridge|coverage|wallet)/skerry_\w+", recipe))
    present = {f"{folder}/{package.name}" for folder in FOLDERS for package in (ROOT / folder).glob("skerry_*")}
    assert copied == present - {"gui/skerry_gui"}
