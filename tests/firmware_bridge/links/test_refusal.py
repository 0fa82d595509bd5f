"""Why a port cannot be opened, in words that fit what was named."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from skerry_firmware_bridge.links import refusal
from skerry_firmware_bridge.links.refusal import explain, holder_of, shared


@pytest.mark.parametrize(
    ("path", "number", "code", "said"),
    [
        ("/dev/x", errno.ENOENT, "E_PORT_MISSING", "There is no serial port /dev/x."),
        ("/dev/null", errno.ENOTTY, "E_NO_PORT", "/dev/null is no serial port."),
        ("/tmp", errno.EISDIR, "E_NO_PORT", "/tmp is no serial port."),
        ("/dev/x", errno.EIO, "E_PORT_FAILED", f"Cannot open /dev/x: {os.strerror(errno.EIO)}."),
        ("socket://h", errno.ECONNREFUSED, "E_PORT_UNREACHABLE", "Nothing answers at socket://h: connection refused."),
    ],
)  # fmt: skip
def test_a_refusal_fits_what_was_named(path: str, number: int, code: str, said: str) -> None:
    refused = explain(path, OSError(number, os.strerror(number)))
    assert (refused.code, refused.detail) == (code, said)
    assert refused.remedy.endswith((".", "skerry devices scan"))


def test_a_network_error_without_a_number_is_told_in_its_own_words() -> None:
    assert explain("socket://h", OSError("all addresses failed")).detail == (
        "Nothing answers at socket://h: all addresses failed."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "the server has hung up; another program may have the port"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no such host"),
    ],
)
def test_a_server_that_hangs_up_and_a_name_that_nobody_has_are_told_plainly(error: OSError, said: str) -> None:
    """ser2net hangs up on whoever comes second; a name server's numbers are not the system's."""
    assert explain("rfc2217://h:1", error).detail == f"Nothing answers at rfc2217://h:1: {said}."


def test_the_program_at_the_far_end_is_not_called_the_ports_user() -> None:
    code = "import os, sys; far, near = os.openpty(); print(os.ttyname(near), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as emulator:
        assert emulator.stdout is not None
        path = emulator.stdout.readline().strip()
        found = holder_of(path)
        emulator.communicate("")
    assert found is None


def test_a_lock_file_names_the_program_that_takes_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """minicom leaves one by the name that it was given, which may be a link to the port."""
    monkeypatch.setattr(refusal, "LOCK_FOLDER", tmp_path)
    (tmp_path / "port").touch()
    (tmp_path / "meter").symlink_to(tmp_path / "port")
    assert shared(str(tmp_path / "meter")) is None
    (tmp_path / "LCK..meter").write_text(f"{os.getpid():>10}\n")
    taken = shared(str(tmp_path / "meter"))
    assert taken is not None
    assert (taken.code, f"(process {os.getpid()}) too, which takes the answers" in taken.detail) == (
        "E_PORT_BUSY",
        True,
    )
