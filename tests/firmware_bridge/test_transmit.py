"""The transmit gate refuses whatever a limit forbids or nobody knows, and spends air time for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from skerry_firmware_bridge.errors import TransmitRefused
from skerry_firmware_bridge.transmit import GatewayRegion, Purpose, TransmitGate
from skerry_simulate.clock import SimulatedClock
from skerry_testing.radio import FileDutyStore, NotingRadio
from skerry_wire.frames import TransmitRequest, TransmitStatus

EU868 = GatewayRegion(name="EU868", confirmed=True)


def beacon(
    *, frequency_hz: int = 868_100_000, datarate: str = "SF12BW125", power_dbm: int = 14, size: int = 52
) -> TransmitRequest:
    return TransmitRequest(
        phy=bytes(size), frequency_hz=frequency_hz, datarate=datarate, power_dbm=power_dbm, inverted_polarity=False
    )


def in_time(main: Callable[[SimulatedClock], Coroutine[Any, Any, None]]) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main(clock))


async def ready_gate(clock: SimulatedClock, folder: Path) -> TransmitGate:
    gate = TransmitGate(clock=clock, store=FileDutyStore(folder / "duty"))
    await gate.load()
    return gate


def refusal(folder: Path, request: TransmitRequest, **changes: Any) -> TransmitRefused:
    """Return why the gate refuses a request to send at once."""
    found: list[TransmitRefused] = []

    async def main(clock: SimulatedClock) -> None:
        gate = await ready_gate(clock, folder)
        radio = changes.pop("radio", NotingRadio())
        arguments: dict[str, Any] = {
            "gateway_region": EU868,
            "antenna_gain_ddbi": 12,
            "purpose": Purpose.BEACON,
        } | changes
        with pytest.raises(TransmitRefused) as caught:
            await gate.transmit(radio, request, commit=True, **arguments)
        assert radio.sent == []
        found.append(caught.value)

    in_time(main)
    return found[0]


def test_an_allowed_beacon_is_sent(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        outcome = await gate.transmit(
            radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.BEACON, commit=True
        )
        assert outcome.status is TransmitStatus.SENT
        assert radio.sent == [beacon()]

    in_time(main)


def test_a_dry_run_sends_nothing_and_spends_nothing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        outcome = await gate.transmit(
            radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.BEACON
        )
        assert (outcome.status, outcome.reason) == (TransmitStatus.FAILED, "dry_run")
        assert radio.sent == []
        permit = gate.check(radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.BEACON)
        assert permit.spent_us == 0

    in_time(main)


@pytest.mark.parametrize(
    ("code", "request_", "changes"),
    [
        ("E_TX_UNCONFIRMED", beacon(), {"gateway_region": GatewayRegion(name="EU868", confirmed=False)}),
        ("E_TX_REGION", beacon(), {"gateway_region": GatewayRegion(name="MOON", confirmed=True)}),
        ("E_TX_UNKNOWN", beacon(), {"gateway_region": GatewayRegion(name="CD900_1A", confirmed=True)}),
        (
            "E_TX_LBT",
            beacon(frequency_hz=922_100_000, datarate="SF9BW125", power_dbm=10),
            {"gateway_region": GatewayRegion(name="KR920", confirmed=True)},
        ),
        (
            "E_TX_BEACONS_OFF",
            beacon(frequency_hz=486_300_000, datarate="SF9BW125"),
            {"gateway_region": GatewayRegion(name="CN470", confirmed=True)},
        ),
        (
            "E_TX_BEACONS_OFF",
            beacon(frequency_hz=433_175_000, datarate="SF9BW125", power_dbm=10),
            {"gateway_region": GatewayRegion(name="EU433", confirmed=True)},
        ),
        ("E_TX_FREQUENCY", beacon(frequency_hz=868_000_000), {}),
        ("E_TX_FREQUENCY", beacon(frequency_hz=915_000_000), {"purpose": Purpose.DOWNLINK}),
        ("E_TX_FREQUENCY", beacon(frequency_hz=868_650_000), {"purpose": Purpose.DOWNLINK}),
        ("E_TX_EIRP", beacon(power_dbm=15), {"antenna_gain_ddbi": 12}),
        ("E_TX_EIRP", beacon(power_dbm=14), {"antenna_gain_ddbi": 22}),
        ("E_TX_DATARATE", beacon(datarate="SF13BW125"), {}),
        (
            "E_TX_DWELL",
            beacon(frequency_hz=903_900_000, datarate="SF10BW125"),
            {"gateway_region": GatewayRegion(name="US915", confirmed=True)},
        ),
        ("E_TX_RADIO", beacon(), {"radio": NotingRadio(can_transmit=False)}),
    ],
)
def test_each_limit_refuses_with_its_code(
    tmp_path: Path, code: str, request_: TransmitRequest, changes: dict[str, Any]
) -> None:
    assert refusal(tmp_path, request_, **changes).code == code


def test_the_power_limit_is_reached_exactly(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        gate.check(radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=21, purpose=Purpose.BEACON)
        with pytest.raises(TransmitRefused):
            gate.check(radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=22, purpose=Purpose.BEACON)

    in_time(main)


async def send_until_refused(gate: TransmitGate, radio: NotingRadio) -> int:
    """Send SF12 beacons until the duty cycle is used up; return how many went out."""
    for count in range(100):
        try:
            await gate.transmit(
                radio, beacon(), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.BEACON, commit=True
            )
        except TransmitRefused as error:
            return count if error.code == "E_TX_DUTY" else -1
    return -1


def test_the_duty_cycle_is_one_percent_of_a_sliding_hour(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        assert await send_until_refused(gate, radio) == 14  # 36 s of 2.4658 s each
        await clock.sleep(3_599)
        assert await send_until_refused(gate, radio) == 0
        await clock.sleep(4)
        assert await send_until_refused(gate, radio) == 14

    in_time(main)


def test_another_sub_band_has_its_own_budget(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        await send_until_refused(gate, radio)
        gate.check(
            radio,
            beacon(frequency_hz=867_100_000),
            gateway_region=EU868,
            antenna_gain_ddbi=12,
            purpose=Purpose.BEACON,
        )

    in_time(main)


@pytest.mark.parametrize("jump_s", [-86_400, -1, 0])
def test_a_restart_after_time_went_backwards_frees_no_air_time(tmp_path: Path, jump_s: int) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        await send_until_refused(gate, radio)
        clock.jump_wall(jump_s)
        again = await ready_gate(clock, tmp_path)
        assert await send_until_refused(again, radio) == 0

    in_time(main)


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_jump_of_the_wall_clock_frees_no_air_time(tmp_path: Path, jump_s: int) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate, radio = await ready_gate(clock, tmp_path), NotingRadio()
        await send_until_refused(gate, radio)
        clock.jump_wall(jump_s)
        assert await send_until_refused(gate, radio) == 0

    in_time(main)


def test_nothing_is_sent_before_the_ledger_was_read(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gate = TransmitGate(clock=clock, store=FileDutyStore(tmp_path / "duty"))
        with pytest.raises(TransmitRefused) as caught:
            gate.check(NotingRadio(), beacon(), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.BEACON)
        assert caught.value.code == "E_TX_LEDGER"

    in_time(main)
