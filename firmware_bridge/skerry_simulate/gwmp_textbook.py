"""The peer of `gwmp_load`: a GWMP server as one writes it in a few minutes, on asyncio's datagram protocol.

A program of its own (`python -m skerry_simulate.gwmp_textbook`) on the standard library. It parses the JSON, decodes
the payload, knows copies of a frame within 10 s and acknowledges. It does not refuse repeated names, NaN or values out
of range, pin gateways to addresses, bound storms or memory, expire silent gateways, or make events for an agent.
"""

import asyncio
import base64
import json
import sys
from time import process_time
from typing import cast

from skerry_core.clock import NS_PER_S, SystemClock

__all__ = ["Textbook"]

WINDOW_NS = 10 * NS_PER_S


class Textbook(asyncio.DatagramProtocol):
    """Counts the frames that it hears."""

    def __init__(self) -> None:
        self.frames = 0
        self._clock = SystemClock()
        self._seen: dict[tuple[bytes, bytes, float, str], int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 12 or data[3] not in (0, 2):
            return
        self._transport.sendto(data[:3] + (b"\x01" if data[3] == 0 else b"\x04"), addr)
        if data[3] == 2:
            return
        try:
            packets = json.loads(data[12:])["rxpk"]
        except (ValueError, KeyError):
            return
        now_ns = self._clock.monotonic_ns()
        for rxpk in packets:
            key = (data[4:12], base64.b64decode(rxpk["data"]), rxpk["freq"], rxpk["datr"])
            first_ns = self._seen.get(key)
            if first_ns is None or now_ns - first_ns > WINDOW_NS:
                self._seen[key] = now_ns
                self.frames += 1


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Textbook, local_addr=("127.0.0.1", 0))
    sys.stdout.write(f"{transport.get_extra_info('sockname')[1]}\n")
    sys.stdout.flush()
    start_s = process_time()
    await loop.run_in_executor(None, sys.stdin.readline)
    sys.stdout.write(f"{process_time() - start_s}\n")
    transport.close()


if __name__ == "__main__":
    asyncio.run(_serve())
