"""A whole agent whose only radio hangs: the sentinel finds it deaf, and the stage that the owner named heals it."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.runtime.packet_path import Stage
from skerry_core.clock import NS_PER_S, SystemClock, io_timeout
from skerry_firmware_bridge import hardware_reset
from skerry_firmware_bridge.at_radio import exchange
from skerry_firmware_bridge.links import backoff
from skerry_firmware_bridge.radio import DeviceState
from skerry_firmware_bridge.sentinel import ladder, sentinel
from skerry_firmware_bridge.sentinel.normal import Normal
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.lone_radio import CELL, NEIGHBOUR_CELL
from skerry_simulate.medium import RfMedium
from skerry_testing.runtime import UPLINK, FakeOperator, open_agent, open_runtime_stores

LIMIT_S = 60.0
# A radio that is used to hear hundreds of frames a second: a moment's silence is out of the common.
BUSY = Normal(of_day=dict.fromkeys(range(24), 1e6), of_week=dict.fromkeys(range(168), 1e6), frames=5000)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let minutes be moments."""

    def soon(seconds: float) -> asyncio.Timeout:
        return io_timeout(seconds / 20)

    monkeypatch.setattr(exchange, "io_timeout", soon)
    monkeypatch.setattr(backoff, "PAUSES_S", (0.05,))
    monkeypatch.setattr(hardware_reset, "PULSE_S", 0.02)
    monkeypatch.setattr(sentinel, "SHORTEST_SILENCE_NS", NS_PER_S // 2)
    monkeypatch.setattr(ladder, "SETTLE_NS", NS_PER_S)
    monkeypatch.setattr("skerry_agent.runtime.radio_watch.JUDGE_S", 0.1)


async def until(done: Callable[[], bool], clock: SystemClock) -> None:
    while not done():
        await clock.sleep(0.02)


@pytest.mark.usefixtures("quick")
async def test_a_radio_that_hangs_is_healed_by_the_reset_that_its_owner_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SystemClock()
    medium = RfMedium(clock=clock, seed=1)
    neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
    module = AtRadioEmulator(
        kind="wio-e5", name="module", cell=CELL, medium=medium, clock=clock, seed=1, resets_on=("dtr", False)
    )
    async with io_timeout(LIMIT_S), module, open_runtime_stores(tmp_path, clock) as stores:
        device = f"wio-e5:{module.path}"
        await stores.facts.set(f"radio_normal {device}", json.dumps(BUSY.to_json()))
        app = await open_agent(
            stores, tmp_path, clock, operator=FakeOperator(clock), serial__radios=device,
            radio__hardware_reset=f"dtr-low@{device}",
        )  # fmt: skip
        board, passed = app.agent.board, app.agent.hotspots[0].path.passed

        def speak() -> int:
            hz, factor, khz, *_ = module.firmware.channel
            medium.transmit(
                neighbour, phy=UPLINK, frequency_hz=hz, datarate=f"SF{factor}BW{khz}", power_dbm=14, inverted=False
            )
            return passed[Stage.RECEIVED]

        with caplog.at_level(logging.WARNING):
            async with Background() as background:
                background.start(app.agent.run(), name="agent")
                await until(lambda: device in board.live() and board.live()[device].state is DeviceState.UP, clock)
                heard = speak()
                await until(lambda: passed[Stage.RECEIVED] > heard, clock)
                module.hang()
                resets = module.resets
                await until(lambda: module.resets > resets, clock)
                await until(lambda: board.live()[device].state is DeviceState.UP, clock)
                heard = speak()
                await until(lambda: passed[Stage.RECEIVED] > heard, clock)
    said = [record.getMessage() for record in caplog.records if device in record.getMessage()]
    soft, hard, done = ("told to start anew", "is reset by dtr-low", "was reset by dtr-low")
    at = [next(number for number, line in enumerate(said) if words in line) for words in (soft, hard, done)]
    assert at == sorted(at)
    assert "Nothing for" in said[at[0]]
