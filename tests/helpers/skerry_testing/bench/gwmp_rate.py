"""How many PUSH_DATA a GWMP server acknowledges: ours, and plain asyncio servers doing no more than they must.

The server is a child process, so that its processor time is its own; the load is a window of datagrams kept in flight.
"""

import asyncio
import base64
import json
import os
import resource
import socket
import subprocess
import sys
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.radio import DeviceEvent, FrameHeard
from skerry_testing.gwmp import push_data, rxpk

__all__ = ["PEERS", "Rate", "measure"]

PEERS = {
    "plain": "plain DatagramProtocol, JSON parsed, acknowledged",
    "session": "plain DatagramProtocol with our whole session behind it",
}
WINDOW = 32
SECONDS = 4.0
DISTINCT = 400_000  # different frames: a copy would be cheaper than a frame
GATEWAYS = 512  # one that sends more than a concentrator can hear would be held back


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
        used, heard = child.communicate("\n", timeout=20)[0].split()
        cpu_s = float(used)
        assert int(heard) >= count, f"{count} datagrams were acknowledged, {heard} frames heard"
    return Rate(per_s=count / seconds, per_cpu_s=count / cpu_s)


def _load(port: int) -> tuple[int, float]:
    clock = SystemClock()
    datagrams = [_datagram(number) for number in range(DISTINCT)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(0.2)
        send, receive = sock.send, sock.recv
        for number in range(WINDOW):
            send(datagrams[number])
        sent, answered = WINDOW, 0
        started_ns = clock.monotonic_ns()
        end_ns = started_ns + round(SECONDS * NS_PER_S)
        while sent < DISTINCT and clock.monotonic_ns() < end_ns:
            try:
                receive(64)
            except TimeoutError:
                if clock.monotonic_ns() >= end_ns:
                    break
                continue
            answered += 1
            send(datagrams[sent])
            sent += 1
        return answered, (clock.monotonic_ns() - started_ns) / NS_PER_S


def _datagram(number: int) -> bytes:
    frame = b"\x40\x04\x03\x02\x01\x80" + number.to_bytes(4, "little") + bytes(13)  # no two alike
    packet = rxpk(tmst=number * 40_000 % 2**32, size=len(frame), data=base64.b64encode(frame).decode())
    eui = b"\xaa\x55\x5a\x00\x00\x01" + (number % GATEWAYS).to_bytes(2, "big")
    return push_data({"rxpk": [packet]}, token=number % 65_536, eui=eui)


class _Plain(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard += len(json.loads(data[12:])["rxpk"])
        self._transport.sendto(data[:3] + b"\x01", addr)  # type: ignore[attr-defined]  # a datagram transport


class _SlowLoop(asyncio.SelectorEventLoop):
    """An event loop without `add_reader`, on which our server falls back to the datagram protocol."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError


async def _serve(kind: str) -> None:
    loop = asyncio.get_running_loop()
    stopped = loop.run_in_executor(None, sys.stdin.readline)
    if kind == "plain":
        transport, protocol = await loop.create_datagram_endpoint(_Plain, local_addr=("127.0.0.1", 0))
        await _count(transport.get_extra_info("sockname")[1], stopped)
        transport.close()
        print(protocol.heard)
        return
    seen = [0]

    def take(event: DeviceEvent) -> None:
        seen[0] += isinstance(event, FrameHeard)

    async with GwmpServer(clock=SystemClock(), sink=take, port=0) as server:
        await _count(server.address[1], stopped)
    print(seen[0])


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
