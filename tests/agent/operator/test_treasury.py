"""Oracle, ledger and chain agree to the last unit, and nothing is paid or burned twice."""

from pathlib import Path

from skerry_agent.operator.books import compare_books
from skerry_keys.public_key import PublicKey
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import PaidVillage, open_test_house, paid_village
from skerry_testing.oracle import simulated


def test_what_was_stated_is_what_the_owners_hold(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with paid_village(tmp_path, clock) as paid:
            await check(paid)

    simulated(main)


async def check(paid: PaidVillage) -> None:
    client = paid.house.operator("test")
    owner = PublicKey.from_binary(paid.village.people[2].owner.public_key).solana_address
    assert owner is not None
    gateway = paid.village.people[2].gateway.public_key
    rewards = (await client.news([gateway], cursor="")).rewards
    balances = {balance.token: balance.amount for balance in await client.balances([owner])}
    assert balances == {"demo-IOT": sum(row.amount for row in rewards), "demo-DC": 0}
    assert (await compare_books(paid.house)).agree
    assert (await paid.house.treasury.compare([owner])).matches


def test_a_second_order_for_a_paid_epoch_moves_nothing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with paid_village(tmp_path, clock, size=3) as paid:
            before = await paid.house.treasury.signatures("test-open", paid.epoch)
            books = await compare_books(paid.house)
            await paid.house.oracle.close_epoch(paid.epoch)
            assert await paid.house.treasury.signatures("test-open", paid.epoch) == before
            assert (await compare_books(paid.house)).owners == books.owners
            assert before

    simulated(main)


def test_data_credits_are_issued_and_burned_once_per_cause(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_test_house(tmp_path, clock) as (house, _):
            for _ in range(2):
                await house.treasury.issue_credits("start", 1000)
                await house.treasury.burn("test-open/1", 70)
            mint = house.treasury.tokens.tokens["demo-DC"].mint
            assert await house.treasury.ledger.balance("burned", mint) == 70
            assert (await house.treasury.compare()).matches

    simulated(main)
