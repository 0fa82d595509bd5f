"""The driver of one AT LoRa module over a link: keeps it listening, sends on request, recovers from resets and junk.

`run()` is given to a `Reconnector` as `use`; it ends with `LinkLost`, and every `send` in progress fails with it.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import Any

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.at_radio.dialect import (
    MAX_PHY_BYTES,
    Answer,
    Command,
    Dialect,
    Heard,
    HeardBare,
    Rebooted,
    Sent,
    Tuning,
    Unknown,
)
from skerry_firmware_bridge.at_radio.lines import LineReader
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, FrameRejected, LinkLost
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.radio import DeviceState, EventSink, FrameHeard, Radio, RadioTraits, StateChanged
from skerry_radio.errors import RadioRefused
from skerry_radio.lora import Datarate, airtime_us
from skerry_wire.frames import Crc, ReceivedFrame, TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["AtRadio"]

MAX_BARE = 16  # frames whose signal was not asked for yet
ATTEMPTS = 3  # a torn or lost line costs one attempt
QUIET_S = 0.2  # at 9600 baud a full line takes half as long
CHECK_EVERY_S = 600.0  # a module that restarted without a word is deaf no longer than this
SENT_MARGIN_S = 2.0  # between the end of a frame and the module's word
WRAP_US = 1 << 32


class ModuleRefused(BridgeError):
    """The module answered a command with its own error code."""

    def __init__(self, command: str, code: str) -> None:
        super().__init__(f"{command}: {code}")
        self.code = code


class AtRadio(Radio):
    """One module. `tuning` is where it listens; change it with `retune`. `patience` multiplies the commands' limits."""

    def __init__(
        self,
        *,
        device_id: str,
        dialect: Dialect,
        tuning: Tuning,
        clock: Clock,
        sink: EventSink,
        patience: float = 1.0,
    ) -> None:
        self.device_id = device_id
        self.traits = RadioTraits(kind=dialect.kind, can_transmit=True)
        self.tuning = tuning
        self.counts: Counter[str] = Counter()
        self._dialect = dialect
        self._clock = clock
        self._sink = sink
        self._patience = patience
        self._link: Link | None = None
        self._busy = asyncio.Lock()
        self._command: tuple[Command, asyncio.Future[str]] | None = None
        self._sending: asyncio.Future[None] | None = None
        self._rebooted = asyncio.Event()
        self._attention = asyncio.Event()
        self._line_seen = asyncio.Event()
        self._bare: deque[HeardBare] = deque(maxlen=MAX_BARE)
        self._source = ""

    async def run(self, link: Link) -> None:
        """Work with an open link until it is lost or the module is beyond help. Raises `LinkLost`."""
        self._link = link
        self._source = f"serial {link.key}"
        self._dialect.forget()
        self._bare.clear()
        reason = "The driver was stopped."
        lost: BridgeError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_listening(), name=f"{self.device_id}: listen")
                # In the body, not a second task: Python 3.11 leaves a task marked as cancelled when a child fails
                # while the group is only being waited for.
                await self._read(link)
        except* (LinkLost, DeviceTimeout, ModuleRefused) as errors:
            lost = LinkLost(str(errors.exceptions[0]))
            reason = str(lost)
        finally:
            self._link = None
            self._fail(LinkLost(f"{self.device_id}: {reason}"))
            self._tell(DeviceState.DOWN, reason)
        if lost is not None:
            raise lost

    async def retune(self, tuning: Tuning) -> None:
        """Listen elsewhere from now on. Raises `LinkLost`, `DeviceTimeout`, `ModuleRefused`."""
        async with self._busy:
            self.tuning = tuning
            await self._listen()

    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        """Send at once, then listen again. Raises `LinkLost`, `DeviceTimeout`: the frame may be on the air or not."""
        refusal = self._refusal(request)
        if refusal is not None:
            return TransmitOutcome(status=TransmitStatus.FAILED, reason=refusal)
        power_dbm = min(request.power_dbm, self._dialect.power_dbm[-1])
        tuning = Tuning(
            frequency_hz=request.frequency_hz,
            datarate=Datarate.parse(request.datarate),
            inverted=request.inverted_polarity,
        )
        async with self._busy:
            try:
                await self._execute(*self._dialect.hush(), *self._dialect.tune(tuning, power_dbm))
                await self._transmit(request.phy, tuning.datarate)
            except ModuleRefused as error:
                self._prepare_again()  # it may have restarted silently
                return TransmitOutcome(status=TransmitStatus.FAILED, reason=error.code)
            finally:
                if self._link is not None:
                    with suppress(ModuleRefused):
                        await self._listen()
        status = TransmitStatus.SENT if power_dbm == request.power_dbm else TransmitStatus.ADJUSTED
        return TransmitOutcome(status=status, power_dbm=power_dbm, tmst_us=self._now_us())

    def _refusal(self, request: TransmitRequest) -> str | None:
        """Return why the module cannot send this at all, in the terms of a TX_ACK."""
        if request.tmst_us is not None:
            return "gps_unlocked"  # no counter to send at
        if not 0 < len(request.phy) <= MAX_PHY_BYTES:
            return "size"
        if request.power_dbm < self._dialect.power_dbm[0]:
            return "tx_power"  # it would send with more power than asked for
        try:
            Datarate.parse(request.datarate)
        except RadioRefused:
            return "datarate"
        return None

    async def _transmit(self, phy: bytes, rate: Datarate) -> None:
        self._sending = asyncio.get_running_loop().create_future()
        try:
            # Sent once: an answer lost on the line is no reason to put the frame on the air twice.
            (command,) = self._dialect.transmit(phy)
            await self._ask(command)
            async with self._clock.timeout(airtime_us(rate, len(phy)) / 1e6 + SENT_MARGIN_S):
                await self._sending
        except TimeoutError:
            raise DeviceTimeout(f"{self.device_id} did not report the end of its transmission") from None
        finally:
            _discard(self._sending)
            self._sending = None

    async def _keep_listening(self) -> None:
        """Prepare the module at the start and whenever it has lost its settings."""
        while True:
            self._rebooted.clear()
            async with self._busy:
                await self._execute(*self._dialect.prepare())
                self._rebooted.clear()  # the preparation itself may have restarted it
                await self._listen()
            self._tell(DeviceState.UP, f"A {self._dialect.kind} is listening.")
            while not await self._has_rebooted():
                try:
                    async with self._busy:
                        await self._tell_bare()
                        await self._listen()
                except ModuleRefused:
                    break
            self.counts["reboots"] += 1
            self._tell(DeviceState.UNKNOWN, "The module lost its settings and is prepared anew.")

    async def _has_rebooted(self) -> bool:
        """Wait for a restart; False when the module wants to listen again, or may have restarted without a word."""
        self._attention.clear()
        if not self._rebooted.is_set() and not self._bare:
            with suppress(TimeoutError):
                async with self._clock.timeout(CHECK_EVERY_S):
                    await self._attention.wait()
        return self._rebooted.is_set()

    async def _tell_bare(self) -> None:
        """Ask for the signal of a frame that came without one; it is known of the last frame only."""
        while self._bare:
            bare = self._bare.popleft()
            if self._bare:
                self.counts["signal_unknown"] += 1
                continue
            try:
                rssi_dbm, snr_db = [int(await self._ask(command)) for command in self._dialect.ask_signal()]
            except (ModuleRefused, DeviceTimeout):
                self.counts["signal_unknown"] += 1
            else:
                self._hear(Heard(phy=bare.phy, rssi_dbm=rssi_dbm, snr_db=float(snr_db)))

    async def _listen(self) -> None:
        power_dbm = self._dialect.power_dbm[0]  # matters only for sending
        await self._execute(
            *self._dialect.hush(), *self._dialect.tune(self.tuning, max(power_dbm, 0)), *self._dialect.listen()
        )

    async def _execute(self, *commands: Command) -> None:
        """Run commands in order, each tried again when its answer is lost. Raises what `_ask` raises."""
        for command in commands:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    await self._ask(command)
                    break
                except DeviceTimeout:
                    self.counts["unanswered"] += 1
                    if attempt == ATTEMPTS:
                        raise
                    await self._quiet()
                except ModuleRefused:
                    if command.optional:
                        break
                    if attempt == ATTEMPTS:  # the first refusal may be of a command torn on its way
                        raise

    async def _ask(self, command: Command) -> str:
        link = self._link
        if link is None:
            raise LinkLost(f"{self.device_id} is not connected")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._command = (command, answer)
        try:
            with self._clock.hold(f"{self.device_id}: {command.text[:16]}"):
                async with io_timeout(command.timeout_s * self._patience):
                    await link.write(command.text.encode("ascii") + b"\r\n")
                    return await answer
        except TimeoutError:
            raise DeviceTimeout(f"{self.device_id} did not answer {command.text[:24]}") from None
        finally:
            _discard(answer)
            self._command = None

    async def _quiet(self) -> None:
        """Wait for silence, so that a late answer is not taken for the next command's."""
        with self._clock.hold(f"{self.device_id}: quiet"), suppress(TimeoutError):
            while True:
                self._line_seen.clear()
                async with io_timeout(QUIET_S * self._patience):
                    await self._line_seen.wait()

    async def _read(self, link: Link) -> None:
        reader = LineReader()
        while True:
            for text in reader.feed(await link.read()):
                self._line_seen.set()
                try:
                    self._take(text)
                except FrameRejected as error:
                    self.counts[error.reason] += 1

    def _take(self, text: str) -> None:
        match self._dialect.read(text):
            case Heard() as heard:
                self._hear(heard)
            case HeardBare() as bare:
                self._bare.append(bare)
                self._attention.set()
            case Sent():
                if self._sending is not None and not self._sending.done():
                    self._sending.set_result(None)
            case Rebooted():
                self._dialect.forget()
                self._prepare_again()
                self._answer_reboot(text)
            case Answer(error=error):
                self._answer(text, error)
            case Unknown():
                self.counts["other_lines"] += 1

    def _hear(self, heard: Heard) -> None:
        self.counts["frames"] += 1
        self._sink(FrameHeard(device_id=self.device_id, frame=self._frame(heard)))

    def _prepare_again(self) -> None:
        self._rebooted.set()
        self._attention.set()

    def _answer(self, text: str, error: str | None) -> None:
        if self._command is None or self._command[1].done():
            self.counts["other_lines"] += 1
            return
        command, answer = self._command
        if error is not None:
            answer.set_exception(ModuleRefused(command.text[:24], error))
        elif command.answers(text):
            answer.set_result(text)
        else:
            self.counts["other_lines"] += 1

    def _answer_reboot(self, text: str) -> None:
        """A restart answers the command that asks for one and fails any other at once."""
        if self._sending is not None and not self._sending.done():
            self._sending.set_exception(DeviceTimeout(f"{self.device_id} restarted while sending"))
        if self._command is None or self._command[1].done():
            return
        command, answer = self._command
        if command.reboots:
            answer.set_result(text)
        else:
            answer.set_exception(DeviceTimeout(f"{self.device_id} restarted during {command.text[:24]}"))

    def _frame(self, heard: Heard) -> ReceivedFrame:
        return ReceivedFrame(
            phy=heard.phy,
            frequency_hz=self.tuning.frequency_hz,
            datarate=str(self.tuning.datarate),
            rssi_dbm=heard.rssi_dbm,
            snr_db=heard.snr_db,
            tmst_us=self._now_us(),
            crc=Crc.OK,  # both modules drop frames with a wrong checksum
            received_wall_ns=self._clock.wall_ns(),
            received_monotonic_ns=self._clock.monotonic_ns(),
            source=self._source,
        )

    def _now_us(self) -> int:
        return self._clock.monotonic_ns() // 1000 % WRAP_US

    def _fail(self, error: BridgeError) -> None:
        waiting = [future for future in (self._sending, self._command and self._command[1]) if future is not None]
        for future in waiting:
            if not future.done():
                future.set_exception(error)

    def _tell(self, state: DeviceState, reason: str) -> None:
        self._sink(StateChanged(device_id=self.device_id, state=state, reason=reason, wall_ns=self._clock.wall_ns()))


def _discard(future: asyncio.Future[Any]) -> None:
    """End a future that nobody will wait for any more."""
    if not future.cancel() and not future.cancelled():
        future.exception()
