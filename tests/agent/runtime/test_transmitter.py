"""Everything leaves through the gate, and a refusal reaches whoever asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.metrics import Metrics
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.radio_set import RadioSet
from skerry_agent.runtime.transmitter import Transmitter
from skerry_firmware_bridge.errors import LinkLost, TransmitRefused
from skerry_firmware_bridge.transmit import TransmitGate
from skerry_keys.public_key import PublicKey
from skerry_radio.lora import Datarate, airtime_us
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.radio import FileDutyStore
from skerry_testing.runtime import DEVICE, FakeRadio
from skerry_testing.simulated import simulated
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, window_v1

REQUEST = TransmitRequest(
    phy=b"x" * 12, frequency_hz=868_100_000, datarate="SF9BW125", power_dbm=14, inverted_polarity=True, tmst_us=5
)


async def made(
    folder: Path, clock: SimulatedClock, *, region: str | None = "EU868"
) -> tuple[Transmitter, RadioSet, Metrics]:
    gate = TransmitGate(clock=clock, store=FileDutyStore(folder / "duty"))
    await gate.load()
    key = PublicKey.from_binary(signer_of().public_key)
    identity = HotspotIdentity(key=key, owner=None, location=None, region=region, antenna_gain_ddbi=12)
    radios, metrics = RadioSet(), Metrics()
    return Transmitter(identity=identity, radios=radios, gate=gate, metrics=metrics), radios, metrics


def test_a_downlink_is_sent_and_counted(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        transmitter, radios, metrics = await made(tmp_path, clock)
        radio = FakeRadio()
        radios.up(radio)
        outcome = await transmitter.downlink(REQUEST)
        assert (outcome.status, radio.sent) == (TransmitStatus.SENT, [REQUEST])
        assert metrics.value("skerry_downlinks_total", device=DEVICE, outcome="sent") == 1
        seconds = airtime_us(Datarate.parse(REQUEST.datarate), len(REQUEST.phy)) / 1_000_000
        assert metrics.value("skerry_airtime_seconds_total", device=DEVICE, band="868000000-868600000") == seconds

    simulated(main)


def test_air_time_is_counted_where_no_duty_cycle_limits_it_and_never_for_what_is_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        transmitter, radios, metrics = await made(tmp_path, clock, region="US915")
        radios.up(FakeRadio())
        with pytest.raises(TransmitRefused):
            await transmitter.downlink(REQUEST)  # 868 MHz
        assert "skerry_airtime_seconds_total" not in metrics.text()
        await transmitter.downlink(replace(REQUEST, frequency_hz=923_300_000, datarate="SF9BW500"))
        (line,) = [one for one in metrics.text().splitlines() if one.startswith("skerry_airtime_seconds_total{")]
        assert 'band="902000000-928000000"' in line

    simulated(main)


def test_a_network_that_asks_for_more_power_than_is_allowed_gets_what_is_and_is_told(tmp_path: Path) -> None:
    """ChirpStack and The Things Stack ask for 27 dBm in the second window of EU868."""

    async def main(clock: SimulatedClock) -> None:
        transmitter, radios, _ = await made(tmp_path, clock)
        radio = FakeRadio()
        radios.up(radio)
        loud = replace(REQUEST, frequency_hz=869_525_000, power_dbm=25)
        outcome = await transmitter.network_downlink(loud)
        assert radio.sent == [replace(loud, power_dbm=14)]
        assert (outcome.status, outcome.power_dbm) == (TransmitStatus.ADJUSTED, 14)
        assert (await transmitter.network_downlink(REQUEST)).status is TransmitStatus.SENT
        with pytest.raises(TransmitRefused, match="E_TX_EIRP"):
            await transmitter.downlink(loud)

    simulated(main)


def test_without_a_radio_or_a_confirmed_region_nothing_is_sent(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        transmitter, radios, _ = await made(tmp_path, clock, region=None)
        with pytest.raises(LinkLost):
            await transmitter.downlink(REQUEST)
        radio = FakeRadio()
        radios.up(radio)
        with pytest.raises(TransmitRefused, match="not confirmed"):
            await transmitter.beacon(REQUEST)
        with pytest.raises(TransmitRefused, match="not confirmed"):
            await transmitter.network_downlink(REQUEST)
        assert radio.sent == []

    simulated(main)


def test_a_bad_router_downlink_is_counted_and_never_raised(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        transmitter, radios, metrics = await made(tmp_path, clock)
        radio = FakeRadio()
        radios.up(radio)
        await transmitter.router_downlink(packet_router_packet_down_v1(payload=b"x"))
        wrong_band = window_v1(frequency=915_000_000, datarate="SF9BW125", immediate=True)
        await transmitter.router_downlink(packet_router_packet_down_v1(payload=b"x", rx1=wrong_band))
        assert metrics.value("skerry_downlinks_total", device="", outcome="without_window") == 1
        assert metrics.value("skerry_downlinks_total", device="", outcome="refused") == 1
        radio.outcomes = [TransmitOutcome(status=TransmitStatus.FAILED, reason="too_late")]
        window = window_v1(frequency=868_100_000, datarate="SF9BW125", timestamp=7)
        await transmitter.router_downlink(packet_router_packet_down_v1(payload=b"x", rx1=window, rx2=window))
        assert len(radio.sent) == 2

    simulated(main)
