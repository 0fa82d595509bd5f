"""A paying process is killed at twenty steps, one epoch each; then every epoch is completed and totals are equal."""

import os
import subprocess
import sys
from pathlib import Path

from skerry_simulate.clock import SimulatedClock
from skerry_testing.wallet import order, settlement, simulated, token_supply

KILLS = int(os.environ.get("SKERRY_SOAK_KILLS", "20"))
OWNERS = 12
TOTAL = sum(1000 + n for n in range(OWNERS))
KILLED = -9


def pay(directory: Path, epoch: int, die_at: int) -> int:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "skerry_testing.paying_process", str(directory), str(epoch), str(die_at)]
    return subprocess.run(command, env=environment, check=False, timeout=60).returncode


def test_totals_are_equal_after_a_kill_at_every_step(tmp_path: Path) -> None:
    # An epoch of three batches has about sixty steps; every third from the first one on reaches all kinds of them.
    codes = [pay(tmp_path, epoch, die_at=1 + 3 * (epoch % 20)) for epoch in range(KILLS)]
    assert codes.count(KILLED) == KILLS, codes

    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            for epoch in range(KILLS):
                result = await place.payer().pay(order(place.iot, epoch=epoch, owners=OWNERS))
                assert result.complete, f"epoch {epoch}: {[(b.state, b.note) for b in result.batches]}"
            assert await token_supply(place.cluster, place.iot) == KILLS * TOTAL

    simulated(main)
