"""A load generator for GWMP servers, and the rates that `./dev bench` compares.

Each server is a fresh process of its own (`python -m skerry_simulate.gwmp_load skerry`), so that none takes time or
memory habits from the generator or from another server. The generator plays 256 gateways over one socket, each with
one datagram on its way (a single gateway as fast would be a storm, which our server drops unread), and each frame is
one never sent before (a copy is cheaper than a frame).
"""

import asyncio
import os
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from time import process_time
from typing import Any

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.gwmp.server import DRAIN_LIMIT, RECEIVE_BYTES, GwmpServer

__all__ = ["PEERS", "Rate", "generate", "measure"]

PEERS = {
    "textbook": "a plain DatagramProtocol: JSON parsed, copies dropped, acknowledged",
    "session": "a plain DatagramProtocol with our whole session behind it",
    "bare": "the two system calls alone: a receive loop that acknowledges and reads nothing",
}

GATEWAYS = 256
BURST = 64
PAUSE_S = 0.0002
LOST_AFTER_S = 0.2
BUFFER_BYTES = 4 << 20
EXIT_S = 10.0
_HEAD = (
    b'{"rxpk":[{"jver":1,"tmst":1000000,"chan":2,"rfch":0,"freq":868.100000,"mid": 3,"stat":1,"modu":"LORA",'
    b'"datr":"SF7BW125","codr":"4/5","rssis":-59,"lsnr":9.2,"foff":-412,"rssi":-57,"size":52,"data":"4Byz'
)
_TAIL = b"YOg7koZ9Ywyv" * 4 + b'AAAAAAAA"}]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Acknowledged datagrams per second of the clock, and per second of the server's processor time."""

    per_s: float
    per_cpu_s: float


def generate(host: str, port: int, seconds: float) -> tuple[int, float]:
    """Push datagrams for some seconds; return how many were acknowledged, and in how many seconds.

    Waiting with a pause, not for the next answer: an answer that wakes this process each time would cost the server a
    change of process per datagram, which gateways elsewhere do not.
    """
    clock = SystemClock()
    prefixes = [b"\x02\0\0\0" + (0x0100 + number).to_bytes(8, "big") + _HEAD for number in range(GATEWAYS)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        sock.connect((host, port))
        sock.setblocking(False)
        start_ns = now_ns = heard_ns = clock.monotonic_ns()
        sent = acknowledged = lost = 0
        while now_ns - start_ns < seconds * NS_PER_S:
            while sent - acknowledged - lost <= GATEWAYS - BURST:
                for number in range(sent, sent + BURST):
                    sock.send(b"%s%08d%s" % (prefixes[number % GATEWAYS], number, _TAIL))
                sent += BURST
            answers = _answers(sock)
            now_ns = clock.monotonic_ns()
            acknowledged += answers
            if answers:
                heard_ns = now_ns
            elif now_ns - heard_ns > LOST_AFTER_S * NS_PER_S:
                lost = sent - acknowledged
            else:
                select.select([], [], [], PAUSE_S)
        return acknowledged, (now_ns - start_ns) / NS_PER_S


def _answers(sock: socket.socket) -> int:
    count = 0
    try:
        while True:
            sock.recv(64)
            count += 1
    except BlockingIOError:
        return count


def measure(server: str, seconds: float = 4.0) -> Rate:
    """Load one server for some seconds: "skerry" is ours as the agent runs it, the others are named in `PEERS`."""
    program = ["skerry_simulate.gwmp_textbook"] if server == "textbook" else ["skerry_simulate.gwmp_load", server]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-P", "-m", *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        acknowledged, taken_s = generate("127.0.0.1", port, seconds)
        cpu_s = float(child.communicate("stop\n", timeout=EXIT_S)[0])
    return Rate(per_s=acknowledged / taken_s, per_cpu_s=acknowledged / cpu_s)


class _PlainLoop(asyncio.SelectorEventLoop):
    """Makes the server fall back to asyncio's datagram protocol, as where `add_reader` is missing."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]  # never called with more
        raise NotImplementedError


class _Bare(GwmpServer):
    """Acknowledges every datagram unread: what receiving and sending alone cost, which no server can go below."""

    def _drain(self) -> None:
        sock = self._socket
        assert sock is not None
        for _ in range(DRAIN_LIMIT):
            try:
                raw, source = sock.recvfrom(RECEIVE_BYTES)
            except BlockingIOError:
                return
            sock.sendto(raw[:3] + b"\x01", source)


async def _serve(kind: type[GwmpServer]) -> None:
    """Serve until a line comes in; print the port, then the processor time that serving took."""
    async with kind(clock=SystemClock(), sink=_forget, port=0) as server:
        sys.stdout.write(f"{server.address[1]}\n")
        sys.stdout.flush()
        start_s = process_time()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        sys.stdout.write(f"{process_time() - start_s}\n")


def _forget(event: object) -> None:
    del event


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_PlainLoop if sys.argv[1] == "session" else asyncio.SelectorEventLoop) as runner:
        runner.run(_serve(_Bare if sys.argv[1] == "bare" else GwmpServer))
