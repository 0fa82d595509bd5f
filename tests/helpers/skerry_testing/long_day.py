"""A whole agent with emulated radios on simulated time: `python -m skerry_testing.long_day HOURS`.

Prints one JSON object: resident memory after every simulated hour, and what the agent did. Used by `./dev soak`.
"""

import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from skerry_agent.background import Background
from skerry_agent.service import run_agent
from skerry_agent.settings import load
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.paths import choose_paths
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import RfMedium, Station
from skerry_testing.agents import free_udp_port

__all__ = ["live"]

START_S = 1_790_000_000
HOME, NEAR = "8c1969c6cd345ff", "8c1969c6cd341ff"
UPLINK_S = 10
BEACON_EVERY = 60  # uplinks


async def live(folder: Path, clock: SimulatedClock, hours: int) -> dict[str, Any]:
    """Run the agent; return samples and counts."""
    paths, port = choose_paths(folder, environ={}), free_udp_port()
    paths.create()
    flags = {
        "gwmp.listen": f"127.0.0.1:{port}", "api.port": "0", "hotspot.region": "EU868", "time.trusted": "true",
        "retention.packets_max": "1000",
    }  # fmt: skip
    settings, started = load(file=None, environ={}, flags=flags), asyncio.Event()
    medium = RfMedium(clock=clock, seed=7)
    forwarder = PacketForwarderEmulator(
        eui=bytes(range(8)), cell=HOME, medium=medium, clock=clock, server=("127.0.0.1", port), seed=7
    )
    async with Background() as background:
        agent = run_agent(
            read_settings=lambda: settings,
            hangup=asyncio.Event(),
            paths=paths,
            clock=clock,
            started=lambda _address, _notes: started.set(),
        )
        background.start(agent, name="agent")
        with clock.hold("start"):
            await started.wait()
        async with forwarder:
            station = medium.add(name="sensor", cell=NEAR, gain_dbi=0.0, height_m=2.0, listens=None)
            background.start(_talk(station, medium, clock), name="sensor")
            samples = [await _sample(clock) for _ in range(hours)]
        token = paths.token.read_text().strip()
        async with AgentClient.open(paths.address.read_text().strip(), token=token) as client:
            with clock.hold("status"):
                status = await client.call(calls.status())
                witnesses = await client.call(calls.witnesses(limit=500))
    passed = {stage.stage: stage.passed for stage in status.path}
    return {"hours": hours, "rss_kib": samples, "state": status.state, "frames": passed["received"],
            "witnessed": len(witnesses.items)}  # fmt: skip


async def _talk(station: Station, medium: RfMedium, clock: SimulatedClock) -> None:
    random, count = Random(7), 0
    while True:
        await clock.sleep(UPLINK_S)
        count += 1
        data = random.randbytes(51 if count % BEACON_EVERY == 0 else 40)
        header = b"\xe0" if count % BEACON_EVERY == 0 else b"\x40" + (0x78000100).to_bytes(4, "little") + b"\x00"
        medium.transmit(
            station, phy=header + data, frequency_hz=868_100_000, datarate="SF9BW125", power_dbm=14.0, inverted=False
        )


async def _sample(clock: SimulatedClock) -> int:
    await clock.sleep(3600)
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("this system does not tell the memory in use")


def main() -> None:
    """Live and print."""
    clock = SimulatedClock(start_s=START_S)
    with (
        tempfile.TemporaryDirectory(prefix="skerry-day-") as folder,
        asyncio.Runner(loop_factory=clock.new_event_loop) as runner,
    ):
        print(json.dumps(runner.run(live(Path(folder), clock, int(sys.argv[1])))))


if __name__ == "__main__":
    main()
