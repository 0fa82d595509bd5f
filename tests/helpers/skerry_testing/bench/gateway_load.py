"""What a full eight-channel gateway costs an agent: 80 frames a second through its UDP port and whole packet path."""

import base64
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from random import Random

from skerry_core.clock import NS_PER_MS, NS_PER_S, SystemClock
from skerry_testing.agents import free_udp_port
from skerry_testing.bench.running_agent import core_share, running_agent
from skerry_testing.gwmp import pull_data, push_data, rxpk

__all__ = ["FRAMES_PER_S", "Cost", "measure"]

FRAMES_PER_S = 80  # eight channels of the fastest data rate, one after the other
SECONDS = 30
IDLE_S = 5
FETCH_NS = 10 * NS_PER_MS  # how often a packet forwarder looks into the concentrator

Datagrams = Iterator[tuple[int, Sequence[int]]]  # when each is sent, ns from the start, and the frames in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Percent of a core by the shape of the traffic, of the idle agent too, and the frames that were stored."""

    idle: float
    busy: Mapping[str, float]
    stored: int


def _evenly() -> Datagrams:
    for number in range(FRAMES_PER_S * SECONDS):
        yield number * NS_PER_S // FRAMES_PER_S, (number,)


def _as_fetched() -> Datagrams:
    """Frames end when they will; a forwarder puts those of the last ten milliseconds into one datagram."""
    random = Random(2)
    heard_ns = sorted(random.randrange(SECONDS * NS_PER_S) for _ in range(FRAMES_PER_S * SECONDS))
    fetches = groupby(range(len(heard_ns)), key=lambda number: heard_ns[number] // FETCH_NS)
    for fetch, numbers in fetches:
        yield (fetch + 1) * FETCH_NS, tuple(numbers)


SHAPES = {"each in its own datagram, evenly": _evenly, "at random, fetched every 10 ms": _as_fetched}


class _Gateway:
    """Sends uplinks of invented devices and counts what is answered."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._clock = SystemClock()
        self._random = Random(1)
        self._frames = 0
        self.sent = self.answered = 0

    async def idle(self) -> None:
        await self._clock.sleep(IDLE_S)

    async def send(self, datagrams: Datagrams) -> None:
        started_ns = self._clock.monotonic_ns()
        self._socket.send(pull_data())
        first = self._frames
        for due_ns, numbers in datagrams:
            await self._clock.sleep_until(started_ns + due_ns)
            packets = [self._packet(first + number) for number in numbers]
            self._socket.send(push_data({"rxpk": packets}, token=self.sent & 0xFFFF))
            self._frames += len(packets)
            self.sent += 1
            self._hear()

    def _packet(self, number: int) -> dict[str, object]:
        address = (0x7800_0000 + number % 500).to_bytes(4, "little")
        phy = b"\x40" + address + b"\0" + (number // 500).to_bytes(2, "little") + b"\x01" + self._random.randbytes(20)
        return rxpk(
            tmst=number * 12_500, freq=867.1 + number % 8 / 5, size=len(phy), rssis=-101, foff=-20,
            data=base64.b64encode(phy).decode(),
        )  # fmt: skip

    def _hear(self) -> None:
        try:
            while True:
                self._socket.recv(64)
                self.answered += 1
        except BlockingIOError:
            return

    def close(self) -> None:
        self._socket.close()


async def measure(folder: Path) -> Cost:
    """Return what an agent takes idle and under each shape of a full gateway's traffic."""
    port = free_udp_port()
    settings = (f"gwmp.listen=127.0.0.1:{port}", "hotspot.region=EU868", "time.trusted=true")
    with running_agent(folder, *settings) as pid:
        gateway = _Gateway(port)
        try:
            await gateway.idle()  # what belongs to the start
            idle = await core_share(pid, gateway.idle)
            busy = {words: await core_share(pid, partial(gateway.send, shape())) for words, shape in SHAPES.items()}
            await gateway.idle()
        finally:
            gateway.close()
        assert gateway.answered >= 0.95 * gateway.sent, (gateway.answered, gateway.sent)
    return Cost(idle=idle, busy=busy, stored=_stored(folder))


def _stored(folder: Path) -> int:
    """Return how many frames the agent has stored."""
    with closing(sqlite3.connect(folder / "telemetry.db")) as database:
        return int(database.execute("SELECT count(*) FROM packets").fetchone()[0])
