"""A further network over real UDP: our own GWMP server stands for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from skerry_agent.background import Background
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.forwarder import MAX_UPLINKS, GwmpForwarder, gateway_eui
from skerry_agent.runtime.forwarding import forward_targets
from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import TransmitRefused
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, FrameHeard, StateChanged, StatusReported
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.runtime import FakeRadio, carried, frame
from skerry_testing.simulated import simulated
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

EUI = gateway_eui(signer_of().public_key)
REQUEST = TransmitRequest(
    phy=b"down", frequency_hz=869_525_000, datarate="SF12BW125", power_dbm=16, inverted_polarity=True, tmst_us=77
)


@asynccontextmanager
async def joined(
    clock: SimulatedClock, events: list[DeviceEvent], options: str = ""
) -> AsyncIterator[tuple[GwmpForwarder, GwmpServer, FakeRadio, Metrics]]:
    radio, metrics = FakeRadio(), Metrics()
    async with GwmpServer(clock=clock, sink=events.append, port=0) as network, Background() as background:
        (target,) = forward_targets((f"127.0.0.1:{network.address[1]}{options}",))
        forwarder = GwmpForwarder(
            target, eui=EUI, antenna_gain_ddbi=12, transmit=radio.send, clock=clock, metrics=metrics
        )
        background.start(forwarder.run(), name="forwarder")
        yield forwarder, network, radio, metrics


def test_a_network_gets_the_uplinks_it_wants_and_sees_a_living_gateway() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with joined(clock, events, "?devaddr=78000000/7") as (forwarder, _, _radio, metrics):
            before = forwarder.status("h1")
            assert (before.state, before.reason, before.last_packet_age_s) == (
                DeviceState.UNKNOWN,
                "no answer yet",
                None,
            )
            assert forwarder.offer(carried(frame(rssi_dbm=-77)))
            assert not forwarder.offer(carried(frame(b"\x40\x00\x00\x00\x26" + bytes(12))))
            await clock.sleep(65)
            assert [event.frame.rssi_dbm for event in events if isinstance(event, FrameHeard)] == [-77]
            assert isinstance(events[0], StateChanged)
            assert events[0].device_id == f"gwmp:{EUI.hex()}"
            assert sum(isinstance(event, StatusReported) for event in events) == 3
            assert not any(isinstance(e, StateChanged) and e.state is not DeviceState.UP for e in events)
            assert forwarder.up
            status = forwarder.status("h1")
            assert (status.state, status.reason, status.uplinks) == (DeviceState.UP, "answers", 1)
            assert status.last_packet_age_s in {64, 65}
            assert clock.wall_ns() - status.as_of_ns < 11 * NS_PER_S  # the last word of the network
            assert metrics.value("skerry_link_up", network=forwarder.target.name) == 1

    simulated(main)


def test_an_allowed_downlink_goes_out_and_its_outcome_comes_back() -> None:
    async def main(clock: SimulatedClock) -> None:
        async with joined(clock, [], "?downlink=yes") as (_, network, radio, _metrics):
            await clock.sleep(1)
            radio.outcomes = [TransmitOutcome(status=TransmitStatus.FAILED, reason="too_late")]
            failed = await network.radio(EUI).send(REQUEST)
            assert (failed.status, failed.reason) == (TransmitStatus.FAILED, "too_late")
            assert (await network.radio(EUI).send(REQUEST)).status is TransmitStatus.SENT
            assert [request.power_dbm for request in radio.sent] == [14, 14]

    simulated(main)


def test_a_network_without_leave_and_one_beyond_the_limits_hear_a_refusal() -> None:
    async def main(clock: SimulatedClock) -> None:
        async with joined(clock, []) as (_, network, radio, _metrics):
            await clock.sleep(1)
            refused = await network.radio(EUI).send(REQUEST)
            assert (refused.reason, radio.sent) == ("tx_freq", [])
        async with joined(clock, [], "?downlink=yes") as (forwarder, network, radio, _metrics):

            async def gate(request: TransmitRequest) -> TransmitOutcome:
                raise TransmitRefused("E_TX_EIRP", "Too much.")

            forwarder._transmit = gate
            await clock.sleep(1)
            assert (await network.radio(EUI).send(REQUEST)).reason == "tx_power"

    simulated(main)


def test_a_silent_network_is_called_down_and_found_again(caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with joined(clock, events) as (forwarder, network, _, metrics):
            await clock.sleep(5)
            assert forwarder.up
            put = network.put
            network.put = lambda raw, target: None  # type: ignore[method-assign]
            await clock.sleep(100)
            assert forwarder.up is False
            assert metrics.value("skerry_link_up", network=forwarder.target.name) == 0
            network.put = put
            await clock.sleep(60)
            assert forwarder.up
            assert metrics.value("skerry_link_reconnects_total", network=forwarder.target.name) == 1

    simulated(main)
    assert "does not answer" in caplog.text


def test_uplinks_that_waited_for_the_network_do_not_make_it_silent() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with joined(clock, events) as (forwarder, network, _, metrics):
            phys = [b"\x40" + bytes([number]) * 20 for number in range(20)]
            assert all(forwarder.offer(carried(frame(phy))) for phy in phys)
            await clock.sleep(25)
            assert [event.frame.phy for event in events if isinstance(event, FrameHeard)] == phys
            assert forwarder.up
            put = network.put
            network.put = lambda raw, target: None  # type: ignore[method-assign]
            await clock.sleep(100)  # it is called down, and uplinks gather
            assert all(forwarder.offer(carried(frame(phy + b"again"))) for phy in phys)
            network.put = put  # type: ignore[method-assign]
            await clock.sleep(60)
            assert forwarder.up
            assert metrics.value("skerry_link_reconnects_total", network=forwarder.target.name) == 1

    simulated(main)


@pytest.mark.parametrize("name", ["no-such-host.invalid", "two..dots", "long" * 20 + ".example"])
def test_a_name_that_cannot_be_resolved_costs_nothing_but_its_uplinks(name: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        (target,) = forward_targets((f"{name}:1700",))
        metrics = Metrics()
        forwarder = GwmpForwarder(
            target, eui=EUI, antenna_gain_ddbi=12, transmit=FakeRadio().send, clock=clock, metrics=metrics
        )
        async with Background() as background:
            background.start(forwarder.run(), name="forwarder")
            taken = [forwarder.offer(carried(frame())) for _ in range(MAX_UPLINKS + 2)]
            await clock.sleep(1)
        assert (taken.count(True), forwarder.up) == (MAX_UPLINKS, False)
        assert metrics.value("skerry_queue_dropped_total", queue=target.name, reason="full") == 2

    simulated(main)


def test_a_gateway_eui_is_stable_and_locally_administered() -> None:
    assert gateway_eui(signer_of().public_key) == EUI
    assert gateway_eui(signer_of(2).public_key) != EUI
    assert (len(EUI), EUI[0] & 0b11) == (8, 0b10)
