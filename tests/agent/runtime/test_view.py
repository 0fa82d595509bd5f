"""What the API says of a running agent is true: up, down, unknown, and why."""

from dataclasses import replace
from pathlib import Path

from skerry_agent.app import App
from skerry_agent.runtime.beaconer import BeaconPlan
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.store import ReportState, WitnessRow
from skerry_firmware_bridge.radio import DeviceState, DeviceTrouble
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import (
    DEVICE,
    FakeOperator,
    FakeRadio,
    FakeSink,
    open_agent,
    open_runtime_stores,
    state,
)
from skerry_testing.simulated import simulated

OTHER = "gwmp:aa555a0000000002"
UP, DOWN, UNKNOWN = DeviceState.UP, DeviceState.DOWN, DeviceState.UNKNOWN


def radio(app: App, is_: DeviceState, *, device_id: str = DEVICE, reason: str = "told by a test") -> None:
    """Let a radio come or go as `Radios` does."""
    own = app.agent.hotspots[0].radios
    if is_ is UP:
        own.up(FakeRadio(device_id))
    elif is_ is DOWN:
        own.down(device_id)
    app.agent.board.take(state(is_, device_id=device_id, reason=reason))


def test_one_of_several_radios_down_is_said_while_the_hotspot_is_up(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            assert app.view.status().state is UNKNOWN
            assert "Waiting for the first radio" in app.view.status().summary
            radio(app, UP)
            radio(app, UP, device_id=OTHER)
            status = app.view.status()
            assert (status.state, status.summary, status.next_step) == (UP, "Working for test-net.", None)
            radio(app, DOWN, device_id=OTHER, reason="unplugged")
            status = app.view.status()
            assert (status.state, status.hotspots[0].state) == (UP, UP)
            expected = f"1 of 2 radios is not up: {OTHER} is down (unplugged)"
            assert status.hotspots[0].reason == expected
            assert expected in status.summary
            assert status.next_step == "skerry doctor"
            radio(app, DOWN, reason="no power")
            status = app.view.status()
            assert (status.state, status.hotspots[0].state) == (DOWN, DOWN)
            assert app.view.features()["transmit"] is False
            radio(app, UNKNOWN, reason="No datagram for 30 s.")
            assert app.view.status().hotspots[0].state is UNKNOWN
            assert "No datagram for 30 s." in app.view.status().summary

    simulated(main)


def test_a_gateway_that_nobody_has_named_is_not_missed(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            radio(app, UP)
            radio(app, UP, device_id=OTHER)
            app.agent.board.take(replace(state(DOWN, device_id=OTHER), is_known=False))
            assert app.view.status().summary == "Working for test-net."
            assert app.view.devices()[OTHER].state is DOWN

    simulated(main)


def test_why_no_radio_is_there_comes_before_what_else_is_missing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock), hotspot__region="")
            assert "No region is confirmed" in app.view.status().summary
            app.agent.board.take(
                DeviceTrouble(device_id="gwmp:0", code="zero_eui", detail="It has EUI 0.", wall_ns=clock.wall_ns())
            )
            assert app.view.status().summary.endswith(": It has EUI 0.")

    simulated(main)


def test_a_serial_radio_that_never_opened_is_not_forgotten(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(
                stores, tmp_path, clock, operator=FakeOperator(clock), serial__radios="wio-e5:/dev/nothing"
            )
            assert app.agent.hotspots[0].radios.seen == ("wio-e5:/dev/nothing",)
            app.agent.board.take(state(DOWN, device_id="wio-e5:/dev/nothing", reason="There is no port."))
            status = app.view.status()
            assert (status.state, status.hotspots[0].reason) == (DOWN, "There is no port.")

    simulated(main)


def test_an_unconfirmed_region_and_a_refused_beacon_are_said(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = FakeOperator(clock, sink=FakeSink(clock))
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=operator, hotspot__region="")
            radio(app, UP)
            assert "No region is confirmed" in (app.view.status().hotspots[0].reason or "")
            assert "No region is confirmed" in app.view.status().summary
            app = await open_agent(stores, tmp_path, clock, operator=operator)
            radio(app, UP)
            beaconer = app.agent.hotspots[0].beaconer
            assert beaconer is not None
            beaconer.plan = BeaconPlan(
                next_wall_s=None, region="EU868", problem="no beacon in this interval: E_TX_DUTY"
            )
            assert "E_TX_DUTY" in (app.view.status().hotspots[0].reason or "")
            radio(app, DOWN, reason="unplugged")
            assert app.view.status().hotspots[0].reason == "unplugged"

    simulated(main)


def test_no_operator_and_a_silent_operator_are_different_things(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = FakeOperator(clock, is_set=False)
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=operator)
            radio(app, UP)
            status = app.view.status()
            assert (status.state, status.next_step is not None) == (UP, True)
            stages = {stage.stage: stage for stage in status.path}
            assert [stages[name].state for name in ("judged", "rewarded", "paid")] == [UNKNOWN] * 3
            operator.is_set, operator.state = True, DOWN
            status = app.view.status()
            assert status.state is DOWN
            assert "cannot be reached" in status.summary

    simulated(main)


def test_a_red_stage_of_ours_takes_the_agent_down_and_one_of_the_operators_only_shows(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            radio(app, UP)
            app.agent.judged[Stage.JUDGED, "too_close"] = 3
            status = app.view.status()
            assert (status.state, status.summary) == (UP, "Nothing passes the stage 'judged' (too_close).")
            app.agent.delivery.online = False
            status = app.view.status()
            assert (status.state, status.summary) == (DOWN, "Nothing passes the stage 'sent'.")
            assert app.view.ready() == {"radio": True, "clock": True, "outbox": False, "disk": True}

    simulated(main)


def test_a_meter_that_answers_is_no_radio_that_is_ready_unless_there_is_none(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            app.agent.attached_ids = frozenset({"p1:/dev/meter"})
            app.agent.board.take(state(UP, device_id="p1:/dev/meter", reason="Answers."))
            assert app.view.ready()["radio"]
            radio(app, DOWN)
            assert not app.view.ready()["radio"]
            radio(app, UP)
            assert app.view.ready()["radio"]

    simulated(main)


def test_a_report_that_nobody_judged_is_explained_so(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            row = WitnessRow(
                id="w", hotspot="h", device_id="d", at_ns=1, frequency_hz=1, datarate="SF9BW125", rssi_dbm=1,
                snr_ddb=1, data=b"", report=b"", state=ReportState.EXPIRED,
            )  # fmt: skip
            explained = await app.view.explain_witness(row)
            assert (explained.verdict, "expired" in explained.summary) == ("unknown", True)

    simulated(main)
