"""What a full eight-channel gateway costs an agent: 80 frames a second through its UDP port and whole packet path."""

import base64
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.agents import free_udp_port
from skerry_testing.bench.running_agent import core_share, running_agent
from skerry_testing.gwmp import pull_data, push_data, rxpk

__all__ = ["FRAMES_PER_S", "measure"]

FRAMES_PER_S = 80  # eight channels of the fastest data rate, one after the other
SECONDS = 30
IDLE_S = 5


class _Gateway:
    """Sends uplinks of invented devices at an even pace, each in a datagram of its own, and counts what is answered."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._clock = SystemClock()
        self._random = Random(1)
        self.sent = self.answered = 0

    async def idle(self) -> None:
        await self._clock.sleep(IDLE_S)

    async def send(self) -> None:
        started_ns = self._clock.monotonic_ns()
        self._socket.send(pull_data())
        for number in range(FRAMES_PER_S * SECONDS):
            await self._clock.sleep_until(started_ns + number * NS_PER_S // FRAMES_PER_S)
            self._socket.send(push_data({"rxpk": [self._packet(number)]}, token=number & 0xFFFF))
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


async def measure(folder: Path) -> tuple[float, float, int]:
    """Return the percent of a core that an agent takes idle and under load, and the frames that it has stored."""
    port = free_udp_port()
    settings = (f"gwmp.listen=127.0.0.1:{port}", "hotspot.region=EU868", "time.trusted=true")
    with running_agent(folder, *settings) as pid:
        gateway = _Gateway(port)
        try:
            idle = await core_share(pid, gateway.idle)
            busy = await core_share(pid, gateway.send)
            await gateway.idle()
        finally:
            gateway.close()
        assert gateway.answered >= 0.95 * gateway.sent, (gateway.answered, gateway.sent)
    return idle, busy, _stored(folder)


def _stored(folder: Path) -> int:
    """Return how many frames the agent has stored."""
    with closing(sqlite3.connect(folder / "telemetry.db")) as database:
        return int(database.execute("SELECT count(*) FROM packets").fetchone()[0])
