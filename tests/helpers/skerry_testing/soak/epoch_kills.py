"""An oracle is killed at random moments while it judges, closes and pays an epoch; the rewards stay the same."""

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path

from skerry_oracle.epochs.driver import PayoutOrder
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, simulated
from skerry_testing.village import Village

__all__ = ["CLOSE_S", "EPOCH", "finish_epoch", "fresh_day", "kill_epochs", "record_day"]

EPOCH = START_S // 43_200
CLOSE_S = 43_200 + 1_800 + 10
LONGEST_S = 0.06  # a close takes about as long
STARTS_PER_KILL = 10  # a close that is done before its kill counts for none


def record_day(folder: Path) -> bytes:
    """Store half a day of reports, unjudged; return the database."""

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(4)
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle), rounds=2)
        await oracle.close()

    simulated(main)
    return (folder / "oracle.db").read_bytes()


def fresh_day(folder: Path, day: bytes, name: str) -> Path:
    """Return a new folder that holds a copy of the day."""
    (folder / name).mkdir()
    (folder / name / "oracle.db").write_bytes(day)
    return folder / name


def finish_epoch(folder: Path, payer: OncePayer) -> bytes:
    """Close what is left of the day; return its manifest's hash."""

    async def main(clock: SimulatedClock) -> bytes:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=payer)
        await oracle.open()
        await oracle.advance()
        manifest = await oracle.manifest(EPOCH)
        await oracle.close()
        assert manifest is not None
        return manifest.hash

    return simulated(main, start_s=START_S + CLOSE_S)


def kill_epochs(folder: Path, *, kills: int, seed: int) -> str:
    """Kill so many closes, each day until it is closed; return a summary.

    Raises `AssertionError` for a manifest or a payout other than the undisturbed run's.
    """
    (folder / "recorded").mkdir()
    day = record_day(folder / "recorded")
    undisturbed = OncePayer()
    expected = finish_epoch(fresh_day(folder, day, "calm"), undisturbed)
    assert sum(undisturbed.paid().values()) > 0
    chance = random.Random(seed)
    killed = days = starts = 0
    place = fresh_day(folder, day, "0")
    while killed < kills:
        starts += 1
        assert starts <= kills * STARTS_PER_KILL, f"only {killed} of {starts} closes lasted until their kill"
        if _close(place, chance.uniform(0, LONGEST_S)):
            killed += 1
        else:
            _compare(place, expected)
            days += 1
            place = fresh_day(folder, day, str(days))
    while _close(place, None):
        pass
    _compare(place, expected)
    return f"{killed} kills while {days + 1} days were closed, every manifest and payout as undisturbed"


def _close(place: Path, after_s: float | None) -> bool:
    """Let a process close the day; return whether it was killed before it was done. Raises for its own failure."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", "skerry_testing.soak.epoch_kills", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        try:
            code = child.wait(timeout=60 if after_s is None else after_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return True
    assert code == 0
    return False


def _compare(place: Path, expected: bytes) -> None:
    assert (place / f"paid-{EPOCH}").read_text() == expected.hex()
    assert finish_epoch(place, OncePayer()) == expected


def _main(folder: Path) -> None:
    async def pay(order: PayoutOrder) -> str:
        """Enter the order in a ledger on disk that refuses a second entry, as the marker account does."""
        entry, ledger = folder / f"entry-{os.getpid()}", folder / f"paid-{order.epoch}"
        entry.write_text(order.manifest_hash.hex())
        with contextlib.suppress(FileExistsError):
            os.link(entry, ledger)
        assert ledger.read_text() == order.manifest_hash.hex()
        return "paid"

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=pay)
        await oracle.open()
        print("open", flush=True)
        await oracle.advance()
        await oracle.close()

    simulated(main, start_s=START_S + CLOSE_S)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
