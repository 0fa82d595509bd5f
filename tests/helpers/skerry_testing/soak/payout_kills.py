"""The payer is killed at its n-th step, one epoch each; then every epoch is completed and totals are equal."""

import os
import subprocess
import sys
from pathlib import Path

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_simulate.clock import SimulatedClock
from skerry_testing.wallet import order, settlement, simulated, token_supply

__all__ = ["kill_payouts"]

OWNERS = 12
STEPS = 60  # an epoch of three batches has about as many
TOTAL = sum(1000 + number for number in range(OWNERS))
KILLED = -9


def kill_payouts(folder: Path, *, kills: int, limit_s: float) -> str:
    """Kill `kills` payers, or as many as fit; return a summary. Raises `AssertionError` for any wrong total."""
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + round(limit_s * NS_PER_S)
    epochs = killed = 0
    while epochs < kills and clock.monotonic_ns() < deadline_ns:
        killed += _pay(folder, epochs, die_at=1 + epochs % STEPS) == KILLED
        epochs += 1

    async def complete(simulated_clock: SimulatedClock) -> None:
        async with settlement(folder, simulated_clock) as place:
            for epoch in range(epochs):
                result = await place.payer().pay(order(place.iot, epoch=epoch, owners=OWNERS))
                assert result.complete, f"epoch {epoch}: {[(b.state, b.note) for b in result.batches]}"
            assert await token_supply(place.cluster, place.iot) == epochs * TOTAL

    simulated(complete)
    return f"{killed} kills in {epochs} epochs of {OWNERS} owners, {epochs * TOTAL} units paid once"


def _pay(folder: Path, epoch: int, die_at: int) -> int:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "skerry_testing.paying_process", str(folder), str(epoch), str(die_at)]
    return subprocess.run(command, env=environ, check=False, timeout=120).returncode
