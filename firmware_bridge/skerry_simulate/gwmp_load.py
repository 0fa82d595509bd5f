"""A load generator for a GWMP server, and the comparison that `./dev bench` prints.

The generator is a program of its own (`python -m skerry_simulate.gwmp_load HOST PORT SECONDS`), so that it takes
nothing from the server's interpreter. It plays many gateways over one socket with a bounded number of datagrams in
flight, each with a frame never sent before, and prints how many were acknowledged per second.
"""

import asyncio
import os
import socket
import struct
import sys
from time import thread_time
from typing import Any

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.gwmp.server import GwmpServer

__all__ = ["compare", "generate"]

WINDOW = 64
BURST = 32
GATEWAYS = 256
LOST_AFTER_US = 200_000
LOOK_EVERY = 1024  # datagrams between looks at the clock
_HEAD = (
    b'{"rxpk":[{"jver":1,"tmst":1000000,"chan":2,"rfch":0,"freq":868.100000,"mid": 3,"stat":1,"modu":"LORA",'
    b'"datr":"SF7BW125","codr":"4/5","rssis":-59,"lsnr":9.2,"foff":-412,"rssi":-57,"size":52,"data":"4Byz'
)
_TAIL = b"YOg7koZ9Ywyv" * 4 + b'AAAAAAAA"}]}'


def generate(host: str, port: int, seconds: float) -> float:
    """Push datagrams for some seconds; return acknowledged datagrams per second."""
    clock = SystemClock()
    prefixes = [b"\x02\0\0\0" + (0x0100 + number).to_bytes(8, "big") + _HEAD for number in range(GATEWAYS)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        # The kernel's own time limit: with `settimeout` Python would ask `poll` before every single send and receive.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, LOST_AFTER_US))
        start_ns = now_ns = clock.monotonic_ns()
        sent = acknowledged = lost = 0
        while now_ns - start_ns < seconds * NS_PER_S:
            for _ in range(LOOK_EVERY):
                if sent - acknowledged - lost <= WINDOW - BURST:
                    for number in range(sent, sent + BURST):
                        sock.send(b"%s%08d%s" % (prefixes[number % GATEWAYS], number, _TAIL))
                    sent += BURST
                try:
                    sock.recv(64)
                    acknowledged += 1
                except BlockingIOError:
                    lost = sent - acknowledged
            now_ns = clock.monotonic_ns()
    return acknowledged * NS_PER_S / (now_ns - start_ns)


def compare(seconds: float = 3.0) -> dict[str, float]:
    """Compare the drain loop with asyncio's datagram protocol, both parsing, deduplicating and acknowledging.

    Rates are acknowledged datagrams per second, and per second of the server's own processor time.
    """
    plain, plain_cpu = _measure(_PlainLoop, seconds)
    drained, drained_cpu = _measure(asyncio.SelectorEventLoop, seconds)
    return {
        "drain_loop_per_s": drained,
        "drain_loop_per_cpu_s": drained_cpu,
        "datagram_protocol_per_s": plain,
        "datagram_protocol_per_cpu_s": plain_cpu,
        "ratio": drained / plain,
        "ratio_cpu": drained_cpu / plain_cpu,
    }


class _PlainLoop(asyncio.SelectorEventLoop):
    """Makes the server fall back to asyncio's datagram protocol, as where `add_reader` is missing."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]  # never called with more
        raise NotImplementedError


def _measure(loop_factory: type[asyncio.AbstractEventLoop], seconds: float) -> tuple[float, float]:
    async def main() -> tuple[float, float]:
        async with GwmpServer(clock=SystemClock(), sink=_forget, port=0) as server:
            host, port = server.address
            start_s = thread_time()
            rate = await asyncio.get_running_loop().run_in_executor(None, _run_generator, host, port, seconds)
            return rate, rate * seconds / (thread_time() - start_s)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main())


def _forget(event: object) -> None:
    del event


def _run_generator(host: str, port: int, seconds: float) -> float:
    import subprocess

    arguments = [sys.executable, "-m", "skerry_simulate.gwmp_load", host, str(port), str(seconds)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 - our own module
    return float(done.stdout)


if __name__ == "__main__":
    sys.stdout.write(f"{generate(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))}\n")
