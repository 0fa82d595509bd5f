"""Packets of an operator's own network are charged to its data payer, by its balance on the real chain."""

from pathlib import Path

from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import open_test_house
from skerry_testing.oracle import START_S, simulated
from skerry_testing.runtime import UPLINK, frame
from skerry_testing.village import Village


def test_packets_are_carried_while_the_data_payer_can_pay(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_test_house(tmp_path, clock) as (house, _):
            village = Village(1)
            await village.join(house.oracle.registry)
            gateway = village.people[0].gateway.public_key
            operator = house.operator("test")

            async def carry(last: int) -> bool:
                heard = frame(UPLINK[:-1] + bytes([last]), clock=clock)
                return await operator.carry(gateway, heard, packet_id=str(last), region="EU868")

            assert not await carry(1)  # no credits at all: delivered once, then nothing more
            assert (await house.oracle.counts())["packet"] == {"insufficient_balance": 1}
            await house.treasury.issue_credits("first", 4_000_000)
            assert await house.router.charges.unlock_funded() == [1]
            assert await carry(2)
            (account,) = await house.router.accounts()
            assert (account["payer"], account["balance_dc"], account["pending_dc"]) == ("data payer", 4_000_000, 1)
            await operator.close()

    simulated(main, start_s=START_S + 1)
