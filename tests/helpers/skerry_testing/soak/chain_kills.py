"""The embedded chain's process is killed under load; every transfer that was answered is there afterwards, once."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from random import Random

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.wallet import address_of
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.errors import ClusterUnavailable

__all__ = ["kill_chain"]

SENDERS = 4


async def kill_chain(folder: Path, *, kills: int, seed: int, limit_s: float) -> str:
    """Kill the child `kills` times, or as often as fits; return a summary. Raises `AssertionError`."""
    random, clock = Random(seed), SystemClock()
    deadline_ns = clock.monotonic_ns() + round(limit_s * NS_PER_S)
    answered: dict[str, int] = {}
    killed = lost = 0
    async with EmbeddedCluster(folder, network="soak", clock=clock) as cluster:

        async def send(sender: int) -> None:
            nonlocal lost
            number = 0
            while not done.is_set():
                number += 1
                amount = 10**6 + number * SENDERS + sender
                try:
                    answered[await cluster.airdrop(address_of(f"soak {sender}"), amount)] = amount
                except ClusterUnavailable:
                    lost += 1

        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for sender in range(SENDERS):
                group.create_task(send(sender), name=f"sender {sender}")
            while killed < kills and clock.monotonic_ns() < deadline_ns:
                await clock.sleep(random.uniform(0.05, 0.4))
                if cluster.process_id is not None:
                    with suppress(ProcessLookupError):
                        os.kill(cluster.process_id, signal.SIGKILL)
                    killed += 1
            done.set()
        statuses = await cluster.statuses(list(answered))
        assert all(status is not None and status.error is None for status in statuses), "an answered transfer is gone"
        accounts = await cluster.accounts([address_of(f"soak {sender}") for sender in range(SENDERS)])
        held = sum(account.lamports for account in accounts if account is not None)
    # A transfer whose answer was lost may have landed; nothing answered may be missing.
    assert held >= sum(answered.values()), "lamports are missing"
    return f"{killed} kills, {len(answered)} answered transfers all found, {lost} without an answer"
