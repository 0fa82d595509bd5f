"""Closing an epoch survives a crash at any point: nothing is paid twice, nothing is dropped."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from skerry_core.errors import SkerryError
from skerry_oracle.epochs.driver import PayoutOrder
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, simulated
from skerry_testing.soak.epoch_kills import CLOSE_S, EPOCH, finish_epoch, fresh_day, kill_epochs, record_day


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
    return record_day(tmp_path_factory.mktemp("day"))


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_transaction_of_the_close_changes_no_reward(tmp_path: Path, day: bytes, after: bool) -> None:
    undisturbed = OncePayer()
    expected = finish_epoch(fresh_day(tmp_path, day, "calm"), undisturbed)
    assert sum(undisturbed.paid().values()) > 0
    deaths = 0
    for dies_at in range(1, 40):
        payer = OncePayer()
        folder = fresh_day(tmp_path, day, str(dies_at))
        if not die(folder, payer, dies_at=dies_at, after=after):
            break
        deaths += 1
        assert finish_epoch(folder, payer) == expected
        assert payer.paid() == undisturbed.paid()
    assert deaths >= 7  # judging, six steps, the next epoch


def test_a_crash_after_every_step_in_a_row_pays_once(tmp_path: Path, day: bytes) -> None:
    payer, undisturbed = OncePayer(), OncePayer()
    expected = finish_epoch(fresh_day(tmp_path, day, "calm"), undisturbed)
    folder = fresh_day(tmp_path, day, "hurt")
    for _ in range(40):
        if not die(folder, payer, dies_at=1, after=True):
            break
    assert finish_epoch(folder, payer) == expected
    assert payer.paid() == undisturbed.paid()


def test_a_payer_that_fails_is_asked_again_with_the_same_order(tmp_path: Path, day: bytes) -> None:
    orders: list[PayoutOrder] = []

    async def moody(order: PayoutOrder) -> str:
        orders.append(order)
        if len(orders) < 3:
            raise SkerryError("the chain does not answer")
        return "paid"

    async def main(clock: SimulatedClock) -> None:
        database = SqliteDatabase(fresh_day(tmp_path, day, "moody") / "oracle.db", clock=clock)
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


def test_kill_nine_at_random_moments_ends_in_the_same_manifest(tmp_path: Path) -> None:
    assert kill_epochs(tmp_path, kills=20, seed=20).startswith("20 kills ")
