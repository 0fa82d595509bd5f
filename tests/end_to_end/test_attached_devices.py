"""A modem that the settings name appears with its cell data, and its absence is said truthfully."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from skerry_agent.app import compose
from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.runtime.attached import attached_device
from skerry_agent.runtime.operator import NoOperator
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_agent.store import Stores
from skerry_client.paths import choose_paths
from skerry_core.errors import UsageError
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.software import SoftwareSigner
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices import run_emulator
from skerry_testing.oracle import simulated


def test_a_modem_shows_its_cell_goes_unknown_then_down_and_comes_back(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with run_emulator("quectel-rm520n", clock=clock, random=Random(1), announce=tmp_path / "ports") as modem:
            device = f"modem:{modem.url}"
            settings = load(file=None, environ={}, flags={"devices.attached": device, "gwmp.listen": ""})
            stores = await Stores.open(tmp_path, clock=clock, extra=(EVIDENCE,))
            app = await compose(
                paths=choose_paths(tmp_path, environ={}), settings=settings, clock=clock,
                random=seeded_randomness("test"), signer=SoftwareSigner.from_seed(bytes(32)), stores=stores,
                time=TimeKeeper(clock, boot_id=bytes(16)), operator=NoOperator(profile="skerry-open"), start_number=1,
            )  # fmt: skip
            async with Background() as background:
                background.start(app.agent.run(), name="agent")
                await clock.sleep(5)
                live = app.agent.board.live()[device]
                assert live.state is DeviceState.UP
                assert cell(live.values) == {"access_technology": "nr_5gc", "nr_band": 78, "lte_band": None}
                modem.host.unplug()  # type: ignore[union-attr]  # the emulator of a modem is behind a pty
                await clock.sleep(3)
                assert app.agent.board.live()[device].state is DeviceState.UNKNOWN
                await clock.sleep(15)
                assert app.agent.board.live()[device].state is DeviceState.DOWN
                modem.host.plug()  # type: ignore[union-attr]
                await clock.sleep(10)
                assert app.agent.board.live()[device].state is DeviceState.UP
                assert [row.id for row in await stores.devices.all()] == [device]
            await stores.close()

    (tmp_path / "ports").mkdir()
    simulated(main)


def cell(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values[name] for name in ("access_technology", "nr_band", "lte_band")}


@pytest.mark.parametrize("text", ["modem", "modem:", "toaster:/dev/ttyUSB0", "modem:/dev/ttyUSB0?colour=red"])
def test_a_device_that_cannot_be_meant_is_refused_with_the_words_to_write(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        attached_device(text)
    assert caught.value.remedy
