"""AT modules behind real pseudo-terminals: the same conversation over four links, and the accidents of serial ports."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import h3.api.basic_str as h3
import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.at_radio.dialect import MAX_PHY_BYTES, Tuning
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, ModuleUnfit, TransmitRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.reconnect import LinkChange, LinkState, Reconnector
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, FrameHeard, StateChanged
from skerry_firmware_bridge.transmit import GatewayRegion, Purpose, TransmitGate
from skerry_radio.lora import Datarate
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, LineFaults
from skerry_simulate.lora_module import LoraModule, Rak3172Firmware
from skerry_simulate.medium import RfMedium, Station
from skerry_simulate.rn2483_module import Rn2483Firmware
from skerry_testing.radio import FileDutyStore
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

CELL = h3.cell_to_center_child(h3.latlng_to_cell(52.5, 13.4, 8), 12)
NEAR = sorted(h3.grid_disk(CELL, 40))[100]
CHANNEL_HZ = 868_100_000
TUNING = Tuning(frequency_hz=CHANNEL_HZ, datarate=Datarate.parse("SF7BW125"))
ROUNDS = 8


class OneByteLink(Link):
    """Hands over every byte by itself."""

    def __init__(self, inner: Link) -> None:
        self.key, self.url = inner.key, inner.url
        self._inner = inner
        self._rest = b""

    async def read(self) -> bytes:
        if not self._rest:
            self._rest = await self._inner.read()
        first, self._rest = self._rest[:1], self._rest[1:]
        return first

    async def write(self, data: bytes) -> None:
        for byte in data:
            await self._inner.write(bytes([byte]))

    async def close(self) -> None:
        await self._inner.close()


@dataclass
class Bench:
    """One module under test, a second station on the air, and everything that was told."""

    clock: SimulatedClock
    medium: RfMedium
    emulator: AtRadioEmulator
    radio: AtRadio
    other: Station
    events: list[DeviceEvent] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    changes: list[LinkState] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)  # why it was lost

    def speak(self, number: int) -> None:
        """Let the second station send a frame."""
        self.medium.transmit(
            self.other,
            phy=bytes([0x40, number] * 12),
            frequency_hz=CHANNEL_HZ,
            datarate="SF7BW125",
            power_dbm=14,
            inverted=False,
        )

    def heard(self) -> list[bytes]:
        return [event.frame.phy for event in self.events if isinstance(event, FrameHeard)]

    def states(self) -> list[DeviceState]:
        return [event.state for event in self.events if isinstance(event, StateChanged)]


def request(number: int, *, power_dbm: int = 14) -> TransmitRequest:
    return TransmitRequest(
        phy=bytes([0xE0]) + bytes([number]) * 51,
        frequency_hz=CHANNEL_HZ,
        datarate="SF9BW125",
        power_dbm=power_dbm,
        inverted_polarity=False,
    )


@asynccontextmanager
async def bench(
    clock: SimulatedClock,
    folder: Path,
    kind: str,
    *,
    faults: LineFaults = NO_LINE_FAULTS,
    wrap: Callable[[Link], Link] = lambda link: link,
    before: Callable[[LoraModule], None] = lambda firmware: None,
    tuning: Tuning = TUNING,
    patience: float | None = None,
) -> AsyncIterator[Bench]:
    medium = RfMedium(clock=clock, seed=3)
    emulator = AtRadioEmulator(
        kind=kind, name="module", cell=CELL, medium=medium, clock=clock, seed=3, folder=folder, faults=faults
    )
    before(emulator.firmware)
    events: list[DeviceEvent] = []
    radio = AtRadio(
        device_id="serial:1",
        dialect=DIALECTS[kind](),
        tuning=tuning,
        clock=clock,
        sink=events.append,
        patience=patience or (0.05 if faults.loss else 1.0),  # what is lost is waited for in real time
    )
    received: list[bytes] = []
    other = medium.add(name="other", cell=NEAR, on_frame=lambda reception: received.append(reception.frame.phy))
    found = Bench(clock, medium, emulator, radio, other, events, received)

    async def opened() -> Link:
        return wrap(await open_link(str(folder / "module"), clock=clock))

    def changed(change: LinkChange) -> None:
        found.changes.append(change.state)
        if change.state is LinkState.LOST:
            found.reasons.add(change.reason)

    reconnector = Reconnector(
        name="module",
        open_link=opened,
        use=radio.run,
        clock=clock,
        random=Random(1),
        on_change=changed,
    )
    async with emulator, asyncio.TaskGroup() as group:
        task = group.create_task(reconnector.run(), name="module")
        await clock.sleep(2)
        yield found
        task.cancel()


def in_time(main: Callable[[SimulatedClock], Coroutine[Any, Any, None]]) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main(clock))


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("link", ["plain", "one byte at a time", "20 % loss", "delayed"])
def test_a_module_sends_and_hears_over_each_kind_of_link(tmp_path: Path, kind: str, link: str) -> None:
    faults = LineFaults(loss=0.2) if link == "20 % loss" else NO_LINE_FAULTS

    async def main(clock: SimulatedClock) -> None:
        wrap = {"one byte at a time": OneByteLink, "delayed": DelayedLink}.get(link, lambda inner: inner)
        async with bench(clock, tmp_path, kind, faults=faults, wrap=wrap) as found:
            sent = 0
            for number in range(ROUNDS):
                try:
                    sent += (await found.radio.send(request(number))).status is TransmitStatus.SENT
                except (DeviceTimeout, LinkLost):
                    assert link == "20 % loss"
                await clock.sleep(40)
                found.speak(number)
                await clock.sleep(20)
            least = 3 if link == "20 % loss" else ROUNDS
            assert sent >= least
            assert len(set(found.received)) >= least
            assert len(found.heard()) >= least
            assert set(found.heard()) <= {bytes([0x40, number] * 12) for number in range(ROUNDS)}

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize(
    "faults",
    [
        LineFaults(torn=0.2), LineFaults(junk=0.2), LineFaults(corrupt=0.2), LineFaults(flood=3),
        LineFaults(duplicate=0.5), LineFaults(loss=0.1, junk=0.1, corrupt=0.1, torn=0.1),
    ],
    ids=["torn", "junk", "corrupt", "flood", "duplicate", "all"],
)  # fmt: skip
def test_no_fault_of_the_line_invents_a_frame_or_stops_the_driver(
    tmp_path: Path, kind: str, faults: LineFaults
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind, faults=faults, patience=0.03) as found:
            for number in range(4):
                with suppress(DeviceTimeout, LinkLost):
                    await found.radio.send(request(number))
                await clock.sleep(40)
                found.speak(number)
                await clock.sleep(20)
            spoken = {bytes([0x40, number] * 12) for number in range(4)}
            if not faults.corrupt:  # a serial line has no checksum, and only the Wio-E5 tells a frame's length
                whole = kind == "wio-e5" or not faults.torn
                for phy in found.heard():
                    assert phy in spoken if whole else any(one.startswith(phy) for one in spoken)
            found.emulator.faults = NO_LINE_FAULTS
            await clock.sleep(60)
            assert (await found.radio.send(request(99))).status is TransmitStatus.SENT
            found.speak(99)
            await clock.sleep(1)
            assert bytes([0x40, 99] * 12) in found.heard()

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_module_that_is_unplugged_and_restarted_again_and_again_comes_back_each_time(
    tmp_path: Path, kind: str
) -> None:
    async def main(clock: SimulatedClock) -> None:
        faults = LineFaults(unplug_s=100.0, reset_s=70.0)
        async with bench(clock, tmp_path, kind, faults=faults) as found:
            await clock.sleep(450)
            assert found.changes.count(LinkState.UP) >= 4
            assert found.emulator.firmware.starts >= 10
            found.emulator._accidents.stop()
            await clock.sleep(125)
            found.speak(1)
            await clock.sleep(1)
            assert len(found.heard()) == 1
        assert found.emulator._accidents._timers == {}

    in_time(main)


class DelayedLink(OneByteLink):
    """Hands over bytes some turns of the event loop late."""

    async def read(self) -> bytes:
        data = await self._inner.read()
        for _ in range(20):
            turn = asyncio.Event()
            asyncio.get_running_loop().call_soon(turn.set)
            await turn.wait()
        return data

    async def write(self, data: bytes) -> None:
        await self._inner.write(data)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_module_that_restarts_by_itself_is_prepared_again(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            found.emulator.restart()
            await clock.sleep(1)
            outcome = await found.radio.send(request(1))
            await clock.sleep(5)
            if kind == "wio-e5":  # it restarts without a word: the first refusal tells
                assert (outcome.status, outcome.reason) == (TransmitStatus.FAILED, "error_12")
            else:
                assert outcome.status is TransmitStatus.SENT
            assert (await found.radio.send(request(2))).status is TransmitStatus.SENT
            found.speak(1)
            await clock.sleep(1)
            assert len(found.heard()) == 1
            assert found.radio.counts["reboots"] == 1

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_module_that_restarts_while_it_sends_is_not_said_to_have_sent(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(_outcome(found.radio.send(request(1))))
                await clock.sleep(0.1)
                found.emulator.restart()
            words = (
                "did not report the end" if kind == "wio-e5" else "restarted while sending"
            )  # it restarts in silence
            assert isinstance(sending.result(), DeviceTimeout)
            assert words in str(sending.result())
            await clock.sleep(5)
            assert (await found.radio.send(request(2))).status is TransmitStatus.SENT

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_the_longest_frame_is_waited_for(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            longest = replace(request(1), phy=bytes(MAX_PHY_BYTES), datarate="SF12BW125")
            start_ns = clock.monotonic_ns()
            assert (await found.radio.send(longest)).status is TransmitStatus.SENT
            assert clock.monotonic_ns() - start_ns > 8 * NS_PER_S
            assert (await found.radio.send(replace(longest, phy=bytes(MAX_PHY_BYTES + 1)))).reason == "size"

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_module_sends_through_the_gate_and_within_its_limits(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            gate = TransmitGate(clock=clock, store=FileDutyStore(tmp_path / "duty"))
            await gate.load()

            async def sent(wanted: TransmitRequest, *, region: str = "EU868", confirmed: bool = True) -> str:
                try:
                    outcome = await gate.transmit(
                        found.radio, wanted, gateway_region=GatewayRegion(name=region, confirmed=confirmed),
                        antenna_gain_ddbi=12, purpose=Purpose.DOWNLINK, commit=True,
                    )  # fmt: skip
                except TransmitRefused as refused:
                    return refused.code
                return outcome.status.value

            assert await sent(request(1), confirmed=False) == "E_TX_UNCONFIRMED"
            assert await sent(request(1, power_dbm=16)) == "E_TX_EIRP"
            assert await sent(replace(request(1), frequency_hz=922_100_000), region="KR920") == "E_TX_LBT"
            assert found.emulator.firmware.counts["sent"] == 0
            longest = replace(request(1), phy=bytes(200), datarate="SF12BW125")
            assert [await sent(longest) for _ in range(6)] == ["sent"] * 4 + ["E_TX_DUTY"] * 2
            assert found.emulator.firmware.counts["sent"] == 4

    in_time(main)


def test_a_silent_restart_is_found_even_when_nothing_is_sent(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, "wio-e5") as found:
            found.emulator.restart()
            found.speak(1)
            await clock.sleep(121)
            found.speak(2)
            await clock.sleep(1)
            assert found.heard() == [bytes([0x40, 2] * 12)]
            assert found.states() == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.UP]

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_unplugging_fails_what_is_being_sent_at_once_and_replugging_mends_within_three_seconds(
    tmp_path: Path, kind: str
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(_outcome(found.radio.send(request(1))))
                await clock.sleep(0.1)
                unplugged_ns = clock.monotonic_ns()
                found.emulator.unplug()
            assert isinstance(sending.result(), LinkLost)
            assert clock.monotonic_ns() - unplugged_ns < 10_000_000
            assert LinkState.LOST in found.changes
            with pytest.raises(LinkLost):
                await found.radio.send(request(2))
            found.emulator.replug()
            await clock.sleep(3)
            assert found.states()[-1] is DeviceState.UP, (found.changes, found.events[-3:], found.radio.counts)
            assert (await found.radio.send(request(3))).status is TransmitStatus.SENT
            assert LinkState.LOST in found.changes

    in_time(main)


async def _outcome(sending: Coroutine[Any, Any, TransmitOutcome]) -> TransmitOutcome | LinkLost | DeviceTimeout:
    try:
        return await sending
    except (LinkLost, DeviceTimeout) as error:
        return error


@pytest.mark.parametrize("kind", DIALECTS)
def test_junk_on_the_line_disturbs_nothing(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            found.emulator.port.write(b"\x00\xff\xfe+TEST: RX\r\n+EVT:RXP2P:\r\nAT_\r\n" + b"\x80" * 3000 + b"\r\n")
            await clock.sleep(1)
            assert (await found.radio.send(request(1))).status is TransmitStatus.SENT
            found.speak(1)
            await clock.sleep(1)
            assert len(found.heard()) == 1

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_what_a_module_cannot_do_is_refused_before_the_air(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            assert (await found.radio.send(request(1, power_dbm=-5))).reason == "tx_power"
            adjusted = await found.radio.send(request(1, power_dbm=27))
            most_dbm = DIALECTS[kind].power_dbm[-1]
            assert (adjusted.status, adjusted.power_dbm) == (TransmitStatus.ADJUSTED, most_dbm)
            assert found.emulator.firmware.counts["sent"] == 1

    in_time(main)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_retuned_module_listens_elsewhere(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            await found.radio.retune(Tuning(frequency_hz=868_300_000, datarate=TUNING.datarate))
            found.speak(1)
            await clock.sleep(1)
            assert found.heard() == []
            await found.radio.retune(TUNING)
            found.speak(2)
            await clock.sleep(1)
            assert len(found.heard()) == 1

    in_time(main)


@pytest.mark.parametrize("mode", ["1", "2"])
def test_a_rak3172_in_another_mode_is_brought_into_the_right_one_once(tmp_path: Path, mode: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, "rak3172", before=lambda firmware: setattr(firmware, "mode", mode)) as found:
            firmware = found.emulator.firmware
            assert isinstance(firmware, Rak3172Firmware)
            assert (firmware.mode, firmware.starts) == ("0", 1)
            found.emulator.unplug()
            found.emulator.replug()
            await clock.sleep(3)
            assert firmware.starts == 2, "plugged in; a module in the right mode is not restarted"
            assert (await found.radio.send(request(1))).status is TransmitStatus.SENT

    in_time(main)


def test_an_rn2483_that_is_too_old_is_said_with_what_to_do(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        old = "RN2483 1.0.3 Mar 22 2017 06:00:42"
        async with bench(clock, tmp_path, "rn2483", before=lambda firmware: setattr(firmware, "banner", old)) as found:
            assert found.reasons == {
                "This RN2483 has firmware 1.0.3, which cannot tell the strength of a frame. "
                "Update it to 1.0.5 or later with Microchip's LoRa development utility."
            }
            found.emulator.firmware.banner = "RN2483 1.0.5"  # type: ignore[attr-defined]  # only this kind has it
            await clock.sleep(10)
            assert found.states()[-1] is DeviceState.UP

    in_time(main)


def test_a_module_that_is_made_for_another_band_is_said(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        tuning = Tuning(frequency_hz=903_900_000, datarate=Datarate.parse("SF9BW125"))
        async with bench(clock, tmp_path, "rn2483", tuning=tuning) as found:
            (reason,) = found.reasons
            assert reason == (
                "The rn2483 refuses 903.9 MHz with SF9BW125 (invalid_param). "
                "Check hotspot.region, and that the module is made for that band."
            )

    in_time(main)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (b"", "Nothing answers at 9600 baud."),
        (b"AT_COMMAND_NOT_FOUND\r\n", "A rak3172 answers here, not a wio-e5."),
        (b"RN2483 1.0.5 Oct 31 2018\r\ninvalid_param\r\n", "A rn2483 answers here, not a wio-e5."),
        (b"OK\r\n", "Something answers 'OK', which is not what a wio-e5 says."),
        (b"\xfe\x80\x00\x1c\r\n\xf8\n", "What comes in at 9600 baud makes no sense: another speed"),
        (b"\x80" * 50, "What comes in at 9600 baud makes no sense: another speed"),
    ],
)
async def test_what_does_not_answer_as_the_module_should_is_named(says: bytes, words: str) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    near, far = LoopbackLink.pair("other")
    events: list[DeviceEvent] = []
    radio = AtRadio(
        device_id="serial:1", dialect=WioE5(), tuning=TUNING, clock=clock, sink=events.append, patience=0.005
    )
    await far.write(says)
    with pytest.raises(ModuleUnfit, match=words):
        await radio.run(near)
    assert not radio.has_answered
    radio._has_worked = True
    again, end = LoopbackLink.pair("again")
    await end.write(says)
    with pytest.raises(ModuleUnfit, match="answers no more: it hangs" if not says else words):
        await radio.run(again)
    await far.close()
    await end.close()


async def test_a_module_that_never_answers_is_no_lost_link() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    near, far = LoopbackLink.pair("mute")
    events: list[DeviceEvent] = []
    radio = AtRadio(
        device_id="serial:1", dialect=WioE5(), tuning=TUNING, clock=clock, sink=events.append, patience=0.005
    )
    with pytest.raises(ModuleUnfit):
        await radio.run(near)
    assert radio.counts["unanswered"] == 3
    assert events == []  # who opens the link tells it
    await far.close()


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_module_can_be_told_to_start_anew(tmp_path: Path, kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, kind) as found:
            starts = found.emulator.firmware.starts
            found.radio.reset_next()
            found.emulator.port.unplug()
            found.emulator.port.plug()
            await clock.sleep(5)
            assert found.emulator.firmware.starts > starts
            assert found.states()[-1] is DeviceState.UP
            assert (await found.radio.send(request(1))).status is TransmitStatus.SENT

    in_time(main)


def test_a_module_that_stopped_listening_listens_again_at_once(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, "rn2483") as found:
            assert isinstance(found.emulator.firmware, Rn2483Firmware)
            found.emulator.firmware.fail()
            await clock.sleep(1)
            found.speak(1)
            await clock.sleep(1)
            assert len(found.heard()) == 1
            assert found.radio.counts["stopped"] == 1

    in_time(main)


def test_a_transmission_that_the_module_gives_up_is_said_with_its_word(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with bench(clock, tmp_path, "rn2483") as found:
            assert isinstance(found.emulator.firmware, Rn2483Firmware)
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(found.radio.send(request(1)))
                await clock.sleep(0.1)
                found.emulator.firmware.fail()
            assert sending.result().reason == "radio_err"
            assert (await found.radio.send(request(2))).status is TransmitStatus.SENT

    in_time(main)
