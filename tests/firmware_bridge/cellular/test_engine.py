"""The AT engine as a conversation: echoes, unsolicited lines, errors, silence, and the ladder out of it."""

import asyncio
from random import Random

import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.cellular.engine import CommandFailed, open_engine
from skerry_firmware_bridge.cellular.ladder import Ladder, Rung
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import Firmware, LineFaults
from skerry_simulate.devices.memory import FirmwareLink
from skerry_testing.simulated import simulated


class Scripted(Firmware):
    """Answers each line with the next text of a script."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    def receive(self, data: bytes) -> bytes:
        return self._answers.pop(0).encode("latin-1") if self._answers else b""


def _link(clock: SimulatedClock, *answers: str, faults: LineFaults | None = None) -> FirmwareLink:
    return FirmwareLink(Scripted(*answers), clock=clock, random=Random(1), faults=faults or LineFaults())


def test_an_unsolicited_line_inside_a_reply_goes_to_its_own_queue() -> None:
    async def main(clock: SimulatedClock) -> None:
        urcs: list[str] = []
        link = _link(clock, "AT+CSQ\r\r\n+CREG: 5\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n\r\n+CIEV: 7,1\r\n")
        async with open_engine(link, clock=clock, on_urc=urcs.append) as engine:
            assert await engine.ask("AT+CSQ") == ("+CSQ: 20,0",)
        assert urcs == ["+CREG: 5", "+CIEV: 7,1"]

    simulated(main)


def test_an_echo_behind_a_report_is_no_reply_line() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(clock, "\r\n+CIEV: 7,1\r\nAT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
        async with open_engine(link, clock=clock) as engine:
            assert await engine.ask("AT+CSQ") == ("+CSQ: 20,0",)

    simulated(main)


def test_a_multi_line_reply_torn_into_bytes_is_whole() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(
            clock, "\r\nQuectel\r\nRM520N-GL\r\nRevision: X\r\n\r\nOK\r\n", faults=LineFaults(single_bytes=True)
        )
        async with open_engine(link, clock=clock) as engine:
            assert await engine.ask("ATI") == ("Quectel", "RM520N-GL", "Revision: X")

    simulated(main)


def test_a_cme_error_carries_its_number() -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_engine(_link(clock, "\r\n+CME ERROR: 10\r\n"), clock=clock) as engine:
            with pytest.raises(CommandFailed) as raised:
                await engine.ask("AT+CPIN?")
        assert (raised.value.final, raised.value.code) == ("cme_error", 10)

    simulated(main)


def test_silence_ends_after_the_commands_own_limit() -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_engine(_link(clock), clock=clock) as engine:
            with pytest.raises(DeviceTimeout, match=r"AT\+COPS\?: no answer within 3 s"):
                await engine.ask("AT+COPS?")
        assert clock.monotonic_ns() == 3 * NS_PER_S

    simulated(main)


def test_losing_the_link_fails_the_waiting_command_at_once() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(clock)
        async with open_engine(link, clock=clock) as engine, asyncio.TaskGroup() as group:

            async def pull() -> None:
                await clock.sleep(0.5)
                link.unplug()

            group.create_task(pull(), name="pull the cable")
            with pytest.raises(LinkLost):
                await engine.ask("AT+COPS=?", timeout_s=315)
            with pytest.raises(LinkLost):
                await engine.ask("AT")
        assert clock.monotonic_ns() == NS_PER_S // 2

    simulated(main)


def test_commands_of_several_tasks_do_not_mix() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(clock, "\r\nA\r\n\r\nOK\r\n", "\r\nB\r\n\r\nOK\r\n", faults=LineFaults(delay_s=0.1))
        async with open_engine(link, clock=clock) as engine, asyncio.TaskGroup() as group:
            first = group.create_task(engine.ask("AT+A"), name="first")
            second = group.create_task(engine.ask("AT+B"), name="second")
        assert (first.result(), second.result()) == (("A",), ("B",))
        assert link.written == b"AT+A\rAT+B\r"

    simulated(main)


def test_a_late_reply_is_not_taken_for_the_next_commands() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(clock, "\r\n+COPS: 0\r\n\r\nOK\r\n", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n", faults=LineFaults(delay_s=4))
        async with open_engine(link, clock=clock) as engine:
            with pytest.raises(DeviceTimeout):
                await engine.ask("AT+COPS?")
            assert await engine.ask("AT+CSQ", timeout_s=10) == ("+CSQ: 20,0",)

    simulated(main)


def test_a_flood_of_reports_does_not_keep_the_next_command_waiting_for_ever() -> None:
    async def main(clock: SimulatedClock) -> None:
        link = _link(clock, *["\r\n+CIEV: 7,1\r\n"] * 2000)
        async with open_engine(link, clock=clock) as engine:
            with pytest.raises(DeviceTimeout):
                await engine.ask("AT")
            for number in range(1000):
                clock.call_at(clock.monotonic_ns() + number * NS_PER_S // 10, lambda: link.stage.receive(b"x"))
            with pytest.raises(DeviceTimeout):
                await engine.ask("AT+CSQ")
        assert clock.monotonic_ns() < 10 * NS_PER_S

    simulated(main)


def test_the_ladder_climbs_with_every_silence_and_reboots_once_an_hour() -> None:
    ladder = Ladder(has_secondary=True)
    assert [ladder.silent(now * NS_PER_S) for now in range(6)] == [
        Rung.REOPEN,
        Rung.SECONDARY_PORT,
        Rung.REBOOT,
        Rung.REOPEN,
        Rung.SECONDARY_PORT,
        Rung.REOPEN,  # the hour is not over
    ]
    assert [ladder.silent(3700 * NS_PER_S) for _ in range(2)] == [Rung.SECONDARY_PORT, Rung.REBOOT]


def test_an_answer_brings_the_ladder_back_to_the_ground() -> None:
    ladder = Ladder(has_secondary=False)
    assert ladder.silent(0) is Rung.REOPEN
    ladder.answered()
    assert [ladder.silent(0) for _ in range(2)] == [Rung.REOPEN, Rung.REBOOT]
