"""What 64 devices at one reading a second cost an agent: meters, modems and inverters, emulated behind real ports."""

import re
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from random import Random

from skerry_core.clock import SystemClock
from skerry_simulate.devices import run_emulator
from skerry_testing.bench.running_agent import core_share, running_agent

__all__ = ["DEVICES", "measure"]

DEVICES = 64
KINDS = {"p1-v5": "", "quectel-rm520n": "?poll_s=1", "sunspec-inverter": "?poll_s=1"}  # the meter speaks by itself
SETTLE_S = 10
SECONDS = 20


async def measure(folder: Path, kinds: dict[str, str] | None = None) -> float:
    """Return the percent of a core that an agent with these devices takes."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        devices = []
        for number, (name, query) in enumerate(islice(cycle((kinds or KINDS).items()), DEVICES)):
            running = await stack.enter_async_context(run_emulator(name, clock=clock, random=Random(number)))
            devices.append(f"{running.kind}:{running.url}{query}")
        folder.mkdir(parents=True, exist_ok=True)
        listed = ", ".join(f'"{device}"' for device in devices)
        (folder / "skerry.toml").write_text(f'[devices]\nattached = [{listed}]\n[gwmp]\nlisten = ""\n')
        with running_agent(folder) as pid:
            await clock.sleep(SETTLE_S)
            share = await core_share(pid, lambda: clock.sleep(SECONDS))
        assert devices_up(folder) == DEVICES, f"only {devices_up(folder)} of {DEVICES} devices were read"
        return share


def devices_up(folder: Path) -> int:
    """Return how many devices the agent has logged as up."""
    log = (folder / "skerry.log").read_text()
    return len(set(re.findall(r'msg="([^"]+): up \(Answers\.\)"', log)))
