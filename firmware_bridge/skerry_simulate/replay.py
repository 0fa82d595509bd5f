"""Sends recorded datagrams to a packet forwarder server and counts what it acknowledges: `skerry simulate --replay`.

A recording is a file of conformance cases, or a folder of such files: every `datagram_hex` of a case's input is sent.
"""

import asyncio
import json
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skerry_core.clock import io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.gwmp.datagram import MAX_DATAGRAM_BYTES, acknowledgement

__all__ = ["Replayed", "recorded", "replay"]

ANSWER_S = 1.0  # a server on this machine answers in milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many datagrams were sent, how many the protocol lets acknowledge, and how many were."""

    sent: int
    owed: int
    acknowledged: int


def recorded(paths: Iterable[Path]) -> list[bytes]:
    """Return the datagrams of files and folders, in order. Raises `UsageError` E_RECORDING."""
    found = [raw for path in paths for file in _files(path) for raw in _datagrams(file)]
    if not found:
        raise UsageError("E_RECORDING", "There is no datagram_hex in the recording.", remedy="Name a gwmp case file.")
    return found


def _files(path: Path) -> Sequence[Path]:
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]


def _datagrams(file: Path) -> Iterator[bytes]:
    try:
        content = json.loads(file.read_bytes())
        for case in content["cases"]:
            text = case["in"].get("datagram_hex")
            if text is not None and len(raw := bytes.fromhex(text)) <= MAX_DATAGRAM_BYTES:
                yield raw
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            "E_RECORDING", f"{file} is no file of conformance cases ({type(error).__name__}).",
            remedy="Name a file such as tests/vectors/gwmp/gwmp.captured.json, or a folder of them.",
        ) from error  # fmt: skip


async def replay(datagrams: Iterable[bytes], server: tuple[str, int]) -> Replayed:
    """Send one after the other, and wait for each acknowledgement that is owed."""
    sent = owed = acknowledged = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setblocking(False)
        peer.connect(server)
        for raw in datagrams:
            answer = acknowledgement(raw)
            sent, owed = sent + 1, owed + (answer is not None)
            acknowledged += await _is_answered(peer, raw, answer)
    return Replayed(sent=sent, owed=owed, acknowledged=acknowledged)


async def _is_answered(peer: socket.socket, raw: bytes, answer: bytes | None) -> bool:
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(peer, raw)
        if answer is None:
            return False
        async with io_timeout(ANSWER_S):
            while await loop.sock_recv(peer, MAX_DATAGRAM_BYTES) != answer:  # a late answer to an earlier one
                pass
    except (TimeoutError, OSError):  # nobody listens there
        return False
    return True
