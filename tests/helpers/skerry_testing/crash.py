"""Kills a writer of the agent's stores again and again, and checks after each kill that nothing acknowledged is lost.

`python -m skerry_testing.crash FOLDER KILLS SEED` prints one JSON object; tests run 20 kills, `./dev soak` many more.
The writer is forked, so that a kill costs milliseconds and not a new interpreter.
"""

import asyncio
import itertools
import json
import os
import random
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from skerry_agent.store import BeaconRow, Beacons, Outbox, OutboxItem, ReportState, Stores
from skerry_core.clock import SystemClock

__all__ = ["kill_again_and_again"]

BOTH = 4  # concurrent writers, so that commits are shared


def kill_again_and_again(folder: Path, *, kills: int, seed: int) -> dict[str, int]:
    """Return counts; raises `AssertionError` when something acknowledged is lost, doubled or half done."""
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    for number in range(kills):
        acknowledged |= _one_life(folder, number, stop_after=chance.randrange(1, 60))
        _check(folder, acknowledged)
    return {"kills": kills, "acknowledged": len(acknowledged)}


def _one_life(folder: Path, life: int, *, stop_after: int) -> set[str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(_write_for_ever(folder, life, writing))
        finally:
            os._exit(1)
    os.close(writing)
    seen = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while seen.count(b"\n") < stop_after and (chunk := pipe.read(100)):
            seen += chunk
        os.kill(child, signal.SIGKILL)
        seen += pipe.read() or b""
    os.waitpid(child, 0)
    assert seen.count(b"\n") >= stop_after, "the writer died by itself"
    return {line.decode() for line in seen.split(b"\n")[:-1]}


async def _write_for_ever(folder: Path, life: int, acknowledge: int) -> None:
    stores = await Stores.open(folder, clock=SystemClock())
    numbers = itertools.count()

    async def writer() -> None:
        for number in numbers:
            name = f"{life}-{number}"
            beacon = BeaconRow(
                id=name, hotspot="h", device_id="d", at_ns=number, frequency_hz=1, datarate="SF7BW125", power_dbm=1,
                data=b"d", report=b"r" * 200, state=ReportState.QUEUED,
            )  # fmt: skip
            item = OutboxItem(id=name, class_="beacon", body=b"r", created_ns=number, deadline_ns=1 << 60)
            await stores.main.write(lambda db, b=beacon, i=item: (Beacons.put(db, b), Outbox.put_in(db, i)))  # type: ignore[misc]  # bound now
            os.write(acknowledge, f"{name}\n".encode())

    async with asyncio.TaskGroup() as group:
        for _ in range(BOTH):
            group.create_task(writer())


def _check(folder: Path, acknowledged: set[str]) -> None:
    with closing(sqlite3.connect(folder / "skerry.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        beacons = {row[0] for row in db.execute("SELECT id FROM beacons")}
        waiting = {row[0] for row in db.execute("SELECT id FROM outbox")}
    assert beacons == waiting, "a job was half done"
    assert acknowledged <= beacons, f"lost: {sorted(acknowledged - beacons)[:5]}"


if __name__ == "__main__":
    print(json.dumps(kill_again_and_again(Path(sys.argv[1]), kills=int(sys.argv[2]), seed=int(sys.argv[3]))))
