"""Somebody invents gateways by the thousand on the UDP port: memory, disk and log stay small, the owner's stay."""

import logging
from pathlib import Path

import pytest

from skerry_agent.app import App
from skerry_agent.background import Background
from skerry_agent.runtime.operator import NoOperator
from skerry_agent.store import Stores
from skerry_firmware_bridge.guests import MAX_GUESTS, NEWCOMERS
from skerry_firmware_bridge.radio import DeviceState
from skerry_simulate.clock import SimulatedClock
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk
from skerry_testing.runtime import open_agent, open_runtime_stores
from skerry_testing.simulated import simulated

OWN = f"gwmp:{EUI.hex()}"
OWN_PORT, FLOOD_PORT = ("127.0.0.1", 40_001), ("127.0.0.1", 6_666)
STEP_S = 20
HOUR = 3600 // STEP_S
MOST = MAX_GUESTS + 1


class Place:
    """An agent, its owner's gateway, and somebody who invents others."""

    def __init__(self, app: App, clock: SimulatedClock, *, invented: int = 0) -> None:
        self.app, self.clock, self.invented = app, clock, invented
        self.board, self.watch, self.radios = app.agent.board, app.agent._watch, app.agent.radios[0]

    def say(self, raw: bytes, source: tuple[str, int]) -> None:
        assert self.radios.server is not None
        self.radios.server.take(raw, source)

    async def pass_time(self, steps: int, *, own_speaks: bool, flood: int = 10) -> None:
        """At each step let the owner's gateway speak, or not, and `flood` new ones send a frame."""
        for _ in range(steps):
            if own_speaks:
                self.say(pull_data(), OWN_PORT)
            for _ in range(flood):
                self.invented += 1
                self.say(push_data({"rxpk": [rxpk()]}, eui=self.invented.to_bytes(8, "big")), FLOOD_PORT)
            await self.clock.sleep(STEP_S)

    async def check(self, stores: Stores) -> None:
        """Everything that is kept by a gateway's id is bounded, and the owner's is among it."""
        await self.watch.store()
        await self.board.save(stores.devices)
        kept = (
            self.board.live(), self.board._lines._outages, self.board._noted_ns, self.watch._radios, self.watch._heard,
            self.radios._own.seen,
        )  # fmt: skip
        assert [len(one) <= MOST for one in kept] == [True] * len(kept)
        assert OWN in self.board.live()
        assert OWN in self.radios._own.seen
        assert await stores.devices.get(OWN) is not None
        assert len(await stores.devices.all()) <= 2 * MOST  # of two runs
        assert len(await stores.facts.starting_with("radio_normal")) <= 2 * MOST


def test_a_flood_of_invented_gateways_fills_nothing_and_keeps_the_owners_out_at_no_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores, Background() as background:
            place = Place(
                await open_agent(
                    stores, tmp_path, clock, operator=NoOperator(profile="skerry-open"), gwmp__listen="127.0.0.1:0"
                ),
                clock,
            )
            background.start(place.app.agent.run(), name="agent")
            await place.radios.listening.wait()
            await place.pass_time(HOUR + 1, own_speaks=True, flood=0)
            await place.pass_time(5 * HOUR, own_speaks=True)
            await place.check(stores)
            assert place.board.live()[OWN].state is DeviceState.UP
            await place.pass_time(HOUR, own_speaks=False)  # it has lost its power
            assert place.board.live()[OWN].state is DeviceState.DOWN
            await place.pass_time(2, own_speaks=True)
            assert place.board.live()[OWN].state is DeviceState.UP
            told = [one.getMessage() for one in caplog.records if "too_many_gateways" in one.getMessage()]
            assert len(told) == 1
            assert "gwmp.gateways has " in told[0]
            assert len([one for one in caplog.records if "gwmp:" in one.getMessage()]) < 3 * NEWCOMERS
            invented = place.invented
        async with open_runtime_stores(tmp_path, clock) as stores, Background() as background:
            again = Place(
                await open_agent(
                    stores, tmp_path, clock, operator=NoOperator(profile="skerry-open"), gwmp__listen="127.0.0.1:0"
                ),
                clock,
                invented=invented,
            )
            background.start(again.app.agent.run(), name="agent")
            await again.radios.listening.wait()
            await again.pass_time(HOUR, own_speaks=False)
            await again.pass_time(2, own_speaks=True)
            assert again.board.live()[OWN].state is DeviceState.UP
            await again.check(stores)

    with caplog.at_level(logging.INFO):
        simulated(main)
