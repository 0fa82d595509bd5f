"""A lock on a file: one holder, named to the others, and free again afterwards."""

import os
from pathlib import Path

import pytest

from skerry_core.file_lock import FileLock


def test_the_second_is_told_who_has_it_until_it_is_free(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    assert second.holder == str(os.getpid())
    first.free()
    assert second.take()
    second.free()
    second.free()  # twice is once


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "absent" / "lock").take()
