"""The driver of one AT LoRa module over a link: keeps it listening, sends on request, recovers from resets and junk.

`run()` is given to a `Reconnector` as `use`; it ends with `LinkLost`, and every `send` in progress fails with it.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.at_radio.dialect import (
    MAX_PHY_BYTES,
    Answer,
    Dialect,
    Heard,
    HeardBare,
    Rebooted,
    Sent,
    Stopped,
    Tuning,
    Unfit,
    Unknown,
)
from skerry_firmware_bridge.at_radio.exchange import Exchange, discard
from skerry_firmware_bridge.at_radio.first_words import FirstWords
from skerry_firmware_bridge.at_radio.lines import LineReader
from skerry_firmware_bridge.errors import (
    BridgeError,
    DeviceTimeout,
    FrameRejected,
    LinkLost,
    ModuleRefused,
    ModuleUnfit,
)
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.reopening import first_of
from skerry_firmware_bridge.radio import DeviceState, EventSink, FrameHeard, Radio, RadioTraits, StateChanged
from skerry_radio.errors import RadioRefused
from skerry_radio.lora import Datarate, airtime_us
from skerry_wire.frames import Crc, ReceivedFrame, TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["AtRadio"]

MAX_BARE = 16  # frames whose signal was not asked for yet
CHECK_AFTER_S = 120.0  # without a line; a module that hangs or restarted without a word is deaf no longer than this
SENT_MARGIN_S = 2.0  # between the end of a frame and the module's word
WRAP_US = 1 << 32


class AtRadio(Radio):
    """One module. `tuning` is where it listens; change it with `retune`. `patience` multiplies the commands' limits.

    `has_answered` tells whether it did since its link was opened, at `baudrate`.
    """

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
        self.baudrate = dialect.baudrate
        self.has_answered = False
        self._has_worked = False
        self.counts: Counter[str] = Counter()
        self._dialect = dialect
        self._clock = clock
        self._sink = sink
        self._exchange = Exchange(name=device_id, clock=clock, counts=self.counts, patience=patience)
        self._busy = asyncio.Lock()
        self._sending: asyncio.Future[None] | None = None
        self._rebooted = asyncio.Event()
        self._attention = asyncio.Event()
        self._bare: deque[HeardBare] = deque(maxlen=MAX_BARE)
        self._source = ""
        self._first_words = FirstWords()
        self._line_ns = 0  # when the module last said anything
        self._reset_first = False

    def reset_next(self) -> None:
        """Let the module start anew, by its own command, when the link is used next."""
        self._reset_first = True

    async def run(self, link: Link) -> None:
        """Work with an open link until it is lost or the module is beyond help; its opener tells that it is down.

        Raises `LinkLost`, and `ModuleUnfit` with what a person can do where the link is not to blame.
        """
        self._exchange.link = link
        self._source = f"serial {link.key}"
        self._dialect.forget()
        self._bare.clear()
        self._first_words = FirstWords()
        self.has_answered = False
        reason = "The driver was stopped."
        lost: BridgeError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_listening(), name=f"{self.device_id}: listen")
                # In the body, not a second task: Python 3.11 leaves a task marked as cancelled when a child fails
                # while the group is only being waited for.
                await self._read(link)
        except* (LinkLost, DeviceTimeout, ModuleRefused, ModuleUnfit) as errors:
            error = first_of(errors)
            reason = self._why(error)
            lost = error if isinstance(error, LinkLost) else ModuleUnfit(reason)
        finally:
            self._fail(LinkLost(f"{self.device_id}: {reason}"))
        if lost is not None:
            raise lost

    def _why(self, error: BaseException) -> str:
        if self.has_answered or not isinstance(error, DeviceTimeout | ModuleRefused):
            return str(error)
        return self._first_words.explain(kind=self._dialect.kind, baudrate=self.baudrate, has_worked=self._has_worked)

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
                await self._exchange.execute(*self._dialect.hush(), *self._dialect.tune(tuning, power_dbm))
                await self._transmit(request.phy, tuning.datarate)
            except ModuleRefused as error:
                self._prepare_again()  # it may have restarted silently
                return TransmitOutcome(status=TransmitStatus.FAILED, reason=error.code)
            finally:
                await self._listen_again()
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
            with suppress(DeviceTimeout):  # the answer may be lost, and the frame on the air all the same
                await self._exchange.ask(command)
            async with self._clock.timeout(airtime_us(rate, len(phy)) / 1e6 + SENT_MARGIN_S):
                await self._sending
        except TimeoutError:
            raise DeviceTimeout(f"{self.device_id} did not report the end of its transmission") from None
        finally:
            discard(self._sending)
            self._sending = None

    async def _keep_listening(self) -> None:
        """Prepare the module at the start and whenever it has lost its settings."""
        if self._reset_first:
            self._reset_first = False  # once: a module that does not answer needs more than a command
            async with self._busy:
                await self._exchange.execute(self._dialect.reset())
        while True:
            self._rebooted.clear()
            async with self._busy:
                await self._exchange.execute(*self._dialect.prepare())
                self.has_answered = self._has_worked = True
                self._rebooted.clear()  # the preparation itself may have restarted it
                await self._listen_first()
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
        while not (self._rebooted.is_set() or self._bare or self._attention.is_set()):
            silence_s = (self._clock.monotonic_ns() - self._line_ns) / NS_PER_S
            if silence_s >= CHECK_AFTER_S:
                break
            with suppress(TimeoutError):
                async with self._clock.timeout(CHECK_AFTER_S - silence_s):
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
                rssi_dbm, snr_db = [int(await self._exchange.ask(command)) for command in self._dialect.ask_signal()]
            except (ModuleRefused, DeviceTimeout):
                self.counts["signal_unknown"] += 1
            else:
                self._hear(Heard(phy=bare.phy, rssi_dbm=rssi_dbm, snr_db=float(snr_db)))

    async def _listen(self) -> None:
        power_dbm = self._dialect.power_dbm[0]  # matters only for sending
        await self._exchange.execute(
            *self._dialect.hush(), *self._dialect.tune(self.tuning, max(power_dbm, 0)), *self._dialect.listen()
        )

    async def _listen_first(self) -> None:
        """Listen after the preparation: what it refuses now, it will always refuse."""
        try:
            await self._listen()
        except ModuleRefused as error:
            if error.code != self._dialect.bad_value:
                raise
            mhz = f"{self.tuning.frequency_hz / 1_000_000:.6f}".rstrip("0").rstrip(".")
            raise ModuleUnfit(
                f"The {self._dialect.kind} refuses {mhz} MHz with {self.tuning.datarate} ({error.code}). "
                "Check hotspot.region, and that the module is made for that band."
            ) from error

    async def _listen_again(self) -> None:
        """Listen after a transmission; what became of that must not be hidden by a failure here."""
        try:
            await self._listen()
        except (ModuleRefused, DeviceTimeout, LinkLost):
            self._prepare_again()

    async def _read(self, link: Link) -> None:
        reader = LineReader()
        while True:
            data = await link.read()
            lines = reader.feed(data)
            if not self.has_answered:
                self._first_words.note(len(data), lines)
            for text in lines:
                self._line_ns = self._clock.monotonic_ns()
                self._exchange.note_line()
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
            case Stopped():
                self.counts["stopped"] += 1
                self._end_sending(ModuleRefused("transmission", text))
                self._attention.set()
            case Rebooted():
                self._dialect.forget()
                self._prepare_again()
                self._end_sending(DeviceTimeout(f"{self.device_id} restarted while sending"))
                self._exchange.restarted(text)
            case Unfit(reason=reason):
                self._prepare_again()
                self._exchange.unfit(reason)
            case Answer(error=error):
                self.counts["other_lines"] += not self._exchange.answer(text, error)
            case Unknown():
                self.counts["other_lines"] += 1

    def _hear(self, heard: Heard) -> None:
        self.counts["frames"] += 1
        self._sink(FrameHeard(device_id=self.device_id, frame=self._frame(heard)))

    def _prepare_again(self) -> None:
        self._rebooted.set()
        self._attention.set()

    def _frame(self, heard: Heard) -> ReceivedFrame:
        return ReceivedFrame(
            phy=heard.phy,
            frequency_hz=self.tuning.frequency_hz,
            datarate=str(self.tuning.datarate),
            rssi_dbm=heard.rssi_dbm,
            snr_db=heard.snr_db,
            tmst_us=self._now_us(),
            crc=Crc.OK,  # the modules drop frames with a wrong checksum
            received_wall_ns=self._clock.wall_ns(),
            received_monotonic_ns=self._clock.monotonic_ns(),
            source=self._source,
        )

    def _now_us(self) -> int:
        return self._clock.monotonic_ns() // 1000 % WRAP_US

    def _fail(self, error: BridgeError) -> None:
        self._end_sending(error)
        self._exchange.fail(error)

    def _end_sending(self, error: BridgeError) -> None:
        if self._sending is not None and not self._sending.done():
            self._sending.set_exception(error)

    def _tell(self, state: DeviceState, reason: str) -> None:
        self._sink(StateChanged(device_id=self.device_id, state=state, reason=reason, wall_ns=self._clock.wall_ns()))
