"""A modem that the settings name appears with its cell data, and its absence is said truthfully."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from skerry_agent.app import compose
from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.runtime.attached import attached_device
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.operator import NoOperator
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_agent.store import Stores
from skerry_client.paths import choose_paths
from skerry_core.clock import NS_PER_S
from skerry_core.errors import UsageError
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.software import SoftwareSigner
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices import run_emulator
from skerry_testing.oracle import simulated


@asynccontextmanager
async def _agent(folder: Path, clock: SimulatedClock, *devices: str) -> AsyncIterator[tuple[DeviceBoard, Stores]]:
    """Run an agent with attached devices for the length of the body."""
    settings = load(file=None, environ={}, flags={"devices.attached": ",".join(devices), "gwmp.listen": ""})
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE,))
    app = await compose(
        paths=choose_paths(folder, environ={}), settings=settings, clock=clock,
        random=seeded_randomness("test"), signer=SoftwareSigner.from_seed(bytes(32)), stores=stores,
        time=TimeKeeper(clock, boot_id=bytes(16)), operator=NoOperator(profile="skerry-open"), start_number=1,
    )  # fmt: skip
    async with Background() as background:
        background.start(app.agent.run(), name="agent")
        yield app.agent.board, stores
    await stores.close()


def test_a_modem_shows_its_cell_goes_unknown_then_down_and_comes_back(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with run_emulator("quectel-rm520n", clock=clock, random=Random(1), announce=tmp_path / "ports") as modem:
            device = f"modem:{modem.url}"
            async with _agent(tmp_path, clock, device) as (board, stores):
                await clock.sleep(5)
                live = board.live()[device]
                assert live.state is DeviceState.UP
                assert cell(live.values) == {"access_technology": "nr_5gc", "nr_band": 78, "lte_band": None}
                modem.host.unplug()  # type: ignore[union-attr]  # the emulator of a modem is behind a pty
                await clock.sleep(3)
                lost = board.live()[device]
                assert lost.state is DeviceState.UNKNOWN
                assert clock.wall_ns() - lost.as_of_ns >= 3 * NS_PER_S  # the age of what is known counts on
                await clock.sleep(15)
                assert board.live()[device].state is DeviceState.DOWN
                assert clock.wall_ns() - board.live()[device].as_of_ns >= 18 * NS_PER_S
                modem.host.plug()  # type: ignore[union-attr]
                await clock.sleep(10)
                assert board.live()[device].state is DeviceState.UP
                assert [row.id for row in await stores.devices.all()] == [device]

    (tmp_path / "ports").mkdir()
    simulated(main)


def test_a_device_that_never_answered_is_listed_and_says_why_and_what_to_do(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        missing, silent = f"p1:{tmp_path}/no-port", "sunspec:modbus-tcp://127.0.0.1:9?unit=3"
        async with _agent(tmp_path, clock, missing, silent) as (board, stores):
            await clock.sleep(0.001)
            ids = [missing, "sunspec:modbus-tcp://127.0.0.1:9,unit=3"]
            assert [board.live()[device].state for device in ids] == [DeviceState.UNKNOWN] * 2
            await clock.sleep(60)
            assert sorted(row.id for row in await stores.devices.all()) == sorted(ids)
            told = board.live()[missing]
            assert told.state is DeviceState.DOWN
            assert told.reason.startswith("There is no serial port")
            assert "skerry devices scan" in told.reason
            assert "Modbus TCP is switched on" in board.live()[ids[1]].reason

    simulated(main)


def cell(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values[name] for name in ("access_technology", "nr_band", "lte_band")}


@pytest.mark.parametrize("text", ["modem", "modem:", "toaster:/dev/ttyUSB0", "modem:/dev/ttyUSB0?colour=red"])
def test_a_device_that_cannot_be_meant_is_refused_with_the_words_to_write(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        attached_device(text)
    assert caught.value.remedy
