"""Closing an epoch survives a crash at any point: nothing is paid twice, nothing is dropped."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from skerry_core.errors import SkerryError
from skerry_oracle.epochs.driver import PayoutOrder
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, simulated
from skerry_testing.village import Village

EPOCH = START_S // 43_200
CLOSE_S = 43_200 + 1_800 + 10


class Killed(BaseException):
    """Stands for kill -9: no handler of the code under test may catch it."""


class DyingDatabase(SqliteDatabase):
    """Dies at the n-th transaction, before it is written or right after."""

    def __init__(self, path: Path, *, clock: SimulatedClock, dies_at: int, after: bool) -> None:
        super().__init__(path, clock=clock)
        self.left = dies_at
        self.after = after

    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        counts = await super().apply(statements)
        if self.left == 0:
            raise Killed
        return counts


def record_day(folder: Path) -> None:
    """Store half a day of reports, unjudged."""

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(4)
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle), rounds=2)
        await oracle.close()

    simulated(main)


def finish(folder: Path, payer: OncePayer) -> bytes:
    async def main(clock: SimulatedClock) -> bytes:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=payer)
        await oracle.open()
        await oracle.advance()
        manifest = await oracle.manifest(EPOCH)
        await oracle.close()
        assert manifest is not None
        return manifest.hash

    return simulated(main, start_s=START_S + CLOSE_S)


def die(folder: Path, payer: OncePayer, *, dies_at: int, after: bool) -> bool:
    """Start closing the epoch and die; return whether it got far enough to die."""

    async def main(clock: SimulatedClock) -> bool:
        database = DyingDatabase(folder / "oracle.db", clock=clock, dies_at=dies_at, after=after)
        oracle = make_oracle(database, clock, payer=payer)
        try:
            await oracle.open()
            await oracle.advance()
        except Killed:
            return True
        finally:
            await database.close()
        return False

    return simulated(main, start_s=START_S + CLOSE_S)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("day")
    record_day(folder)
    return (folder / "oracle.db").read_bytes()


def fresh(folder: Path, day: bytes, name: str) -> Path:
    (folder / name).mkdir()
    (folder / name / "oracle.db").write_bytes(day)
    return folder / name


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_transaction_of_the_close_changes_no_reward(tmp_path: Path, day: bytes, after: bool) -> None:
    undisturbed = OncePayer()
    expected = finish(fresh(tmp_path, day, "calm"), undisturbed)
    assert sum(undisturbed.paid().values()) > 0
    deaths = 0
    for dies_at in range(1, 40):
        payer = OncePayer()
        folder = fresh(tmp_path, day, str(dies_at))
        if not die(folder, payer, dies_at=dies_at, after=after):
            break
        deaths += 1
        assert finish(folder, payer) == expected
        assert payer.paid() == undisturbed.paid()
    assert deaths >= 7  # judging, six steps, the next epoch


def test_a_crash_after_every_step_in_a_row_pays_once(tmp_path: Path, day: bytes) -> None:
    payer, undisturbed = OncePayer(), OncePayer()
    expected = finish(fresh(tmp_path, day, "calm"), undisturbed)
    folder = fresh(tmp_path, day, "hurt")
    for _ in range(40):
        if not die(folder, payer, dies_at=1, after=True):
            break
    assert finish(folder, payer) == expected
    assert payer.paid() == undisturbed.paid()


def test_a_payer_that_fails_is_asked_again_with_the_same_order(tmp_path: Path, day: bytes) -> None:
    orders: list[PayoutOrder] = []

    async def moody(order: PayoutOrder) -> str:
        orders.append(order)
        if len(orders) < 3:
            raise SkerryError("the chain does not answer")
        return "paid"

    async def main(clock: SimulatedClock) -> None:
        database = SqliteDatabase(fresh(tmp_path, day, "moody") / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock, payer=moody)
        await oracle.open()
        for _ in range(2):
            with pytest.raises(SkerryError, match="does not answer"):
                await oracle.advance()
        assert await oracle.advance() == 1
        assert await oracle.epochs.payout(EPOCH) == "paid"
        await oracle.close()

    simulated(main, start_s=START_S + CLOSE_S)
    assert orders[0] == orders[1] == orders[2]


KILL_ME = textwrap.dedent("""
    import contextlib
    import os
    import sys
    from pathlib import Path
    from skerry_oracle.store.sqlite import SqliteDatabase
    from skerry_testing.oracle import START_S, make_oracle, simulated

    folder = Path(sys.argv[1])

    async def pay(order):  # a ledger on disk that refuses a second entry, as the marker account does
        entry, ledger = folder / f"entry-{os.getpid()}", folder / f"paid-{order.epoch}"
        entry.write_text(order.manifest_hash.hex())
        with contextlib.suppress(FileExistsError):
            os.link(entry, ledger)
        assert ledger.read_text() == order.manifest_hash.hex()
        return "paid"

    async def main(clock):
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=pay)
        await oracle.open()
        print("open", flush=True)
        await oracle.advance()
        await oracle.close()

    simulated(main, start_s=START_S + int(sys.argv[2]))
    print("done", flush=True)
""")


@pytest.mark.timeout(300)  # twenty-one interpreter starts; ten seconds on a machine with nothing else to do
def test_kill_nine_at_random_moments_ends_in_the_same_manifest(tmp_path: Path, day: bytes) -> None:
    expected = finish(fresh(tmp_path, day, "calm"), OncePayer())
    folder = fresh(tmp_path, day, "killed")
    chance = random.Random(20)
    command = [sys.executable, "-c", KILL_ME, str(folder), str(CLOSE_S)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    kills = 0
    for _ in range(20):
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout is not None
            child.stdout.readline()  # open
            try:
                child.wait(timeout=chance.uniform(0, 0.06))
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                kills += 1
    assert kills > 0
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert (folder / f"paid-{EPOCH}").read_text() == expected.hex()
    assert finish(folder, OncePayer()) == expected
