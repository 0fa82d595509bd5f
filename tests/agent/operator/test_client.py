"""The operator of the same process tells its hotspots verdicts, rewards and statements, each once."""

from pathlib import Path

from skerry_agent.store import RewardState, Verdict
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.public_key import PublicKey
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import PaidVillage, paid_village
from skerry_testing.oracle import simulated


def test_a_paid_epoch_reaches_its_hotspots_as_verdicts_rewards_and_statements(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with paid_village(tmp_path, clock) as paid:
            await check(paid)

    simulated(main)


async def check(paid: PaidVillage) -> None:
    person = paid.village.people[2]
    gateway = person.gateway.public_key
    client = paid.house.operator("test")
    status = client.status()
    assert (status.network, status.pays, status.state) == ("test-open", True, DeviceState.UP)
    assert client.test_tokens
    news = await client.news([gateway], cursor="")
    assert {row.verdict for row in news.beacons} == {Verdict.VALID}
    assert len(news.beacons) == 1
    assert len(news.witnesses) == len(paid.village.people) - 1
    beaconers = {row.beaconer for row in news.witnesses}
    others = [one for one in paid.village.people if one is not person]
    assert beaconers == {PublicKey.from_binary(one.gateway.public_key).address for one in others}
    assert {row.kind for row in news.rewards} == {"beacon", "witness"}
    assert {row.state for row in news.rewards} == {RewardState.PAID}
    assert all(row.transaction and row.hotspot == PublicKey.from_binary(gateway).address for row in news.rewards)
    assert len(news.statements) == 1
    later = await client.news([gateway], cursor=news.cursor)
    assert later.statements == ()
    assert {row.id for row in later.rewards} == {row.id for row in news.rewards}
