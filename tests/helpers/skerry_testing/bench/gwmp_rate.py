"""How many PUSH_DATA a GWMP server acknowledges: ours, and plain asyncio servers doing no more than they must.

The server is a child process, so that its processor time is its own; the load is a window of datagrams kept in flight.
"""

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.radio import DeviceEvent
from skerry_testing.gwmp import push_data, rxpk

__all__ = ["PEERS", "Rate", "measure"]

PEERS = {
    "plain": "plain DatagramProtocol, JSON parsed, acknowledged",
    "session": "plain DatagramProtocol with our whole session behind it",
}
WINDOW = 32
SECONDS = 4.0
DISTINCT = 60_000  # different frames: a copy would be cheaper than a frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Acknowledged datagrams per second of the clock, and per second of the server's processor time."""

    per_s: float
    per_cpu_s: float


def measure(server: str) -> Rate:
    """Load one kind of server for some seconds."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "skerry_testing.bench.gwmp_rate", server]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        port = int(child.stdout.readline())
        count, seconds = _load(port)
        cpu_s = float(child.communicate("\n", timeout=20)[0])
    return Rate(per_s=count / seconds, per_cpu_s=count / cpu_s)


def _load(port: int) -> tuple[int, float]:
    clock = SystemClock()
    datagrams = [push_data({"rxpk": [rxpk(tmst=number * 1000)]}, token=number) for number in range(DISTINCT)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(0.2)
        send, receive = sock.send, sock.recv
        for number in range(WINDOW):
            send(datagrams[number])
        sent, answered = WINDOW, 0
        started_ns = clock.monotonic_ns()
        end_ns = started_ns + round(SECONDS * NS_PER_S)
        while answered % 256 or clock.monotonic_ns() < end_ns:
            try:
                receive(64)
            except TimeoutError:
                if clock.monotonic_ns() >= end_ns:
                    break
                continue
            answered += 1
            send(datagrams[sent % DISTINCT])
            sent += 1
        return answered, (clock.monotonic_ns() - started_ns) / NS_PER_S


class _Plain(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        json.loads(data[12:])
        self._transport.sendto(data[:3] + b"\x01", addr)  # type: ignore[attr-defined]  # a datagram transport


class _SlowLoop(asyncio.SelectorEventLoop):
    """An event loop without `add_reader`, on which our server falls back to the datagram protocol."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError


async def _serve(kind: str) -> None:
    loop = asyncio.get_running_loop()
    stopped = loop.run_in_executor(None, sys.stdin.readline)
    if kind == "plain":
        transport, _ = await loop.create_datagram_endpoint(_Plain, local_addr=("127.0.0.1", 0))
        await _count(transport.get_extra_info("sockname")[1], stopped)
        transport.close()
        return
    seen: list[int] = [0]

    def take(event: DeviceEvent) -> None:
        del event
        seen[0] += 1

    async with GwmpServer(clock=SystemClock(), sink=take, port=0) as server:
        await _count(server.address[1], stopped)


async def _count(port: int, stopped: "asyncio.Future[str]") -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    print(port, flush=True)
    await stopped
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == "__main__":
    chosen = sys.argv[1]
    with asyncio.Runner(loop_factory=_SlowLoop if chosen == "session" else None) as runner:
        runner.run(_serve(chosen))
