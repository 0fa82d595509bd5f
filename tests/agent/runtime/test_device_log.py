"""The log's lines on devices: one for a loss, one for the return, one for a trouble however long it lasts."""

import logging

import pytest

from skerry_agent.runtime.device_log import CROWD, DeviceLog
from skerry_firmware_bridge.radio import DeviceState, DeviceTrouble, StateChanged
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import DEVICE, state
from skerry_testing.simulated import simulated


def down(
    reason: str, *, state: DeviceState = DeviceState.DOWN, refusal: str = "", is_known: bool = True
) -> StateChanged:
    return StateChanged(device_id=DEVICE, state=state, reason=reason, wall_ns=0, refusal=refusal, is_known=is_known)


def trouble(device_id: str, code: str) -> DeviceTrouble:
    return DeviceTrouble(device_id=device_id, code=code, detail="So it is.", wall_ns=0)


def test_a_loss_is_one_line_another_thing_to_mend_a_second_and_the_return_the_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = DeviceLog(SimulatedClock(start_s=1_790_000_000))
    with caplog.at_level(logging.INFO):
        log.changed(state(DeviceState.UP))
        log.changed(down("The port is gone.", state=DeviceState.UNKNOWN))
        for _ in range(3):
            log.changed(down("There is no port."))
        log.changed(down("This user may not open it.", refusal="E_PORT_PERMISSION"))
        log.changed(down("The port is open."))
        log.changed(down("This user may not open it.", refusal="E_PORT_PERMISSION"))
        log.changed(state(DeviceState.UP, reason="It answers."))
    lines = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert lines == [
        "up (told by a test)", "unknown (The port is gone.)", "down (This user may not open it.)", "up (It answers.)"
    ]  # fmt: skip


def test_a_trouble_that_lasts_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: SimulatedClock) -> None:
        log = DeviceLog(clock)
        for number in range(30):  # with another invented EUI each time
            log.trouble(trouble(f"gwmp:{number}", "not_pinned"), is_listed=False)
            await clock.sleep(60)
        assert [record.getMessage() for record in caplog.records] == ["gwmp:0: So it is. (not_pinned)"]
        await clock.sleep(601)
        log.trouble(trouble("gwmp:9", "not_pinned"), is_listed=False)
        assert len(caplog.records) == 2

    simulated(main)


def test_a_crowd_is_one_trouble_whoever_is_refused_and_its_comings_and_goings_get_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = DeviceLog(SimulatedClock(start_s=1_790_000_000))
    with caplog.at_level(logging.INFO):
        for number in range(9):
            log.trouble(trouble(f"gwmp:{number}", CROWD), is_listed=number % 2 == 0)
        assert len(caplog.records) == 1
        log.changed(down("It is silent.", is_known=False))
        assert len(caplog.records) == 1
        log.changed(down("It is silent.", refusal="E_OTHER"))
        assert len(caplog.records) == 2
    log.forget(DEVICE)
    assert not log._outages


def test_two_servers_that_cannot_listen_are_two_troubles(caplog: pytest.LogCaptureFixture) -> None:
    log = DeviceLog(SimulatedClock(start_s=1_790_000_000))
    for _ in range(2):
        for server in ("gwmp.listen", "station.listen"):
            log.trouble(trouble(server, "cannot_listen"), is_listed=False)
    assert len(caplog.records) == 2
