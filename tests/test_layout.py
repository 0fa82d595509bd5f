"""The traps of the folder layout, each found the hard way (STYLE, "Traps found")."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("agent", "gui", "firmware_bridge", "coverage", "wallet", "packaging", "tests")


@pytest.mark.parametrize("folder", FOLDERS)
def test_top_level_folder_exists_and_is_no_package(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists()


@pytest.mark.parametrize("name", ["coverage", "packaging"])
def test_folder_does_not_shadow_the_installed_package(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert not Path(spec.origin).is_relative_to(ROOT / name)


def test_no_package_markers_under_tests_except_the_helpers() -> None:
    markers = [path for path in (ROOT / "tests").rglob("__init__.py") if "helpers" not in path.parts]
    assert markers == []


def test_every_package_says_that_it_is_typed() -> None:
    packages = [path.parent for folder in FOLDERS[:5] for path in (ROOT / folder).glob("*/__init__.py")]
    assert packages
    assert [package.name for package in packages if not (package / "py.typed").exists()] == []


def test_locks_pin_by_hash_and_name_no_host() -> None:
    locks = [*(ROOT / "requirements").glob("*.lock"), ROOT / "tests" / "peers" / "package-lock.json"]
    assert len(locks) >= 3
    assert [path.name for path in locks if "://" in path.read_text()] == []
    assert [
        path.name for path in locks if "sha256:" not in path.read_text() and "sha512-" not in path.read_text()
    ] == []
