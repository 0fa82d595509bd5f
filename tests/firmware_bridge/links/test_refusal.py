"""Why a port cannot be opened, in words that fit what was named."""

import errno
import os

import pytest

from skerry_firmware_bridge.links.refusal import explain


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
    refusal = explain(path, OSError(number, os.strerror(number)))
    assert (refusal.code, refusal.detail) == (code, said)
    assert refusal.remedy.endswith((".", "skerry devices scan"))


def test_a_network_error_without_a_number_is_told_in_its_own_words() -> None:
    assert explain("socket://h", OSError("all addresses failed")).detail == (
        "Nothing answers at socket://h: all addresses failed."
    )
