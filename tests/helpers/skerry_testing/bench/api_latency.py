"""How long API requests take at 200 a second while a full gateway sends: open loop, so that a stall is seen in full."""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from skerry_core.clock import NS_PER_MS, NS_PER_S, SystemClock
from skerry_testing.agents import free_udp_port
from skerry_testing.bench.processes import cpu_s
from skerry_testing.gwmp import push_data, rxpk

__all__ = ["Latency", "measure"]

REQUESTS_PER_S = 200
FRAMES_PER_S = 80  # a concentrator with eight channels that are never idle
WARM_S, MEASURED_S = 5.0, 15.0
EVERY = 10  # of the requests one asks for something that costs nothing, as the limit to compare with
CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from when a request was due until its whole answer was there, of one path."""

    path: str
    count: int
    p50_ms: float
    p99_ms: float
    agent_cpu: float  # cores that the agent used meanwhile


def measure(folder: Path, *, path: str = "/api/v1/packets?limit=50") -> tuple[Latency, Latency]:
    """Return the latency of a path, and that of /healthz in the same run."""
    port = free_udp_port()
    command = [
        sys.executable, "-P", "-m", "skerry_agent.cli", "--dir", str(folder), "--set", "api.port=0",
        "--set", f"gwmp.listen=127.0.0.1:{port}", "--set", "hotspot.region=EU868", "run",
    ]  # fmt: skip
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ) as child:
        assert child.stdout is not None
        address = child.stdout.readline().split()[1].removesuffix("/api/v1")
        token = (folder / "api.token").read_text().strip()
        try:
            return asyncio.run(_load(address, token, port, path, child.pid))
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(10)


async def _load(address: str, token: str, port: int, path: str, pid: int) -> tuple[Latency, Latency]:
    clock = SystemClock()
    taken: dict[str, list[float]] = {path: [], "/healthz": []}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radio:
        radio.connect(("127.0.0.1", port))
        radio.setblocking(False)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(_send(clock, radio), name="gateway")
            await clock.sleep(WARM_S)
            used_s, start_ns = cpu_s(pid), clock.monotonic_ns()
            count = round(REQUESTS_PER_S * MEASURED_S)
            due: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue(count + CONNECTIONS)
            workers = [
                group.create_task(_ask(address, token, clock, due, taken), name=f"client {number}")
                for number in range(CONNECTIONS)
            ]
            for number in range(count):
                due_ns = start_ns + number * NS_PER_S // REQUESTS_PER_S
                await clock.sleep(max(0.0, (due_ns - clock.monotonic_ns()) / NS_PER_S))
                due.put_nowait((due_ns, "/healthz" if number % EVERY == 0 else path))
            for _ in workers:
                due.put_nowait(None)
            await asyncio.gather(*workers)
            cores = (cpu_s(pid) - used_s) / ((clock.monotonic_ns() - start_ns) / NS_PER_S)
            sending.cancel()
    found = [_latency(one, values, cores) for one, values in taken.items()]
    return found[0], found[1]


async def _ask(
    address: str, token: str, clock: SystemClock, due: "asyncio.Queue[tuple[int, str] | None]",
    taken: dict[str, list[float]],
) -> None:  # fmt: skip
    """Ask over one connection. By hand: a client library would take more processor time than the agent does."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    while (wish := await due.get()) is not None:
        due_ns, path = wish
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        taken[path].append((clock.monotonic_ns() - due_ns) / NS_PER_MS)
    writer.close()


async def _send(clock: SystemClock, radio: socket.socket) -> None:
    start_ns, number = clock.monotonic_ns(), 0
    while True:
        number += 1
        phy = b"\x40" + number.to_bytes(4, "little") + bytes(18)
        frame = rxpk(tmst=number * 12_500, data=base64.b64encode(phy).decode(), size=len(phy))
        with suppress(ConnectionRefusedError):  # the API is there before the agent's other port is
            radio.send(push_data({"rxpk": [frame]}))
        due_ns = start_ns + number * NS_PER_S // FRAMES_PER_S
        await clock.sleep(max(0.0, (due_ns - clock.monotonic_ns()) / NS_PER_S))


def _latency(path: str, values: list[float], cores: float) -> Latency:
    values.sort()
    return Latency(
        path=path,
        count=len(values),
        p50_ms=values[len(values) // 2],
        p99_ms=values[len(values) * 99 // 100],
        agent_cpu=cores,
    )
