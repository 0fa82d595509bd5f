"""Uplinks are carried for the routes that want them, each copy paid once, at most as often as the route says."""

from pathlib import Path

from skerry_agent.operator.router import EmbeddedRouter
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.store.packets import PacketTable
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import ROUTE
from skerry_testing.oracle import open_database, signer, simulated
from skerry_testing.runtime import UPLINK, frame

CALENDAR = EpochCalendar(length_s=3600, lateness_s=60)


def test_copies_are_counted_up_to_the_routes_limit_and_strangers_are_not(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        router = EmbeddedRouter(database, routes=(ROUTE,), calendar=CALENDAR, clock=clock)
        gateways = [signer(f"gateway {number}").public_key for number in range(3)]
        taken = [await router.carry(gateway, frame(), packet_id="p") for gateway in gateways]
        assert taken == [True, True, False]
        foreign = UPLINK[:1] + bytes.fromhex("00000026") + UPLINK[5:]
        assert not await router.carry(gateways[0], frame(foreign), packet_id="q")
        assert not await router.carry(gateways[0], frame(b"\xff"), packet_id="r")
        carried = await PacketTable(database).data_credits(CALENDAR.epoch_of(clock.wall_ms()))
        assert carried == {gateways[0]: 1, gateways[1]: 1}
        await database.close()

    simulated(main)


def test_the_same_packet_of_the_same_hotspot_is_one_row(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        gateway = signer("gateway").public_key
        for _ in range(2):  # a restart forgets the copies, the table does not
            router = EmbeddedRouter(database, routes=(ROUTE,), calendar=CALENDAR, clock=clock)
            assert await router.carry(gateway, frame(b"\x40" + UPLINK[1:]), packet_id="p")
        carried = await PacketTable(database).data_credits(CALENDAR.epoch_of(clock.wall_ms()))
        assert carried == {gateway: 1}
        await database.close()

    simulated(main)
