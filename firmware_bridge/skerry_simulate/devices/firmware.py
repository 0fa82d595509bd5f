"""What every device emulator is: its firmware without input or output, and the stage that makes its line go wrong.

The hosts (`pty_host`, `tcp_host`, `memory`) carry bytes between a stage and the driver under test.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from skerry_core.clock import NS_PER_S, Clock, Timer
from skerry_simulate.faults import Faults, Piece, faults_from

__all__ = ["NO_LINE_FAULTS", "Firmware", "LineFaults", "Stage", "parse_faults"]

BYTE_GAP_S = 0.001  # between single bytes: no reader sees two of them together


class Firmware(ABC):
    """A device's behaviour. `period_s` is how often it sends by itself, None for one that only answers."""

    period_s: float | None = None

    @abstractmethod
    def receive(self, data: bytes) -> bytes:
        """Take bytes from the host, torn anywhere, and return what the device sends."""

    def tick(self) -> bytes:
        """Return what the device sends by itself now."""
        return b""

    def reset(self) -> bytes:
        """Start again as after a power cut; return what the device says when it is up."""
        return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFaults(Faults):
    """Besides, of a line: `byte_loss` = share of bytes that are lost, `single_bytes` = every byte comes alone."""

    byte_loss: float = 0.0
    single_bytes: bool = False

    def pieces(self, message: bytes, random: Random) -> list[Piece]:
        """Return what really goes over the line instead of `message`."""
        if self.byte_loss:
            message = bytes(byte for byte in message if random.random() >= self.byte_loss)
        pieces = Faults.pieces(self, message, random)
        if not self.single_bytes:
            return pieces
        singles = [piece.data[at : at + 1] for piece in pieces for at in range(len(piece.data))]
        return [Piece(data=one, delay_s=self.delay_s + BYTE_GAP_S * at) for at, one in enumerate(singles)]


NO_LINE_FAULTS = LineFaults()


def parse_faults(text: str) -> LineFaults:
    """Return the faults of a text such as `loss=0.2,delay_s=0.1,single_bytes=1`. Raises `UsageError`."""
    return faults_from(LineFaults, text)


class Stage:
    """One running emulator: passes bytes to the firmware, and its answers through the faults to `send`.

    `faults` may be exchanged while it runs.
    """

    def __init__(
        self,
        firmware: Firmware,
        *,
        clock: Clock,
        random: Random,
        send: Callable[[bytes], None],
        faults: LineFaults = NO_LINE_FAULTS,
    ) -> None:
        self.firmware = firmware
        self.faults = faults
        self._clock = clock
        self._random = random
        self._send = send
        self._timers: dict[int, Timer] = {}
        self._number = 0

    def start(self) -> None:
        """Begin to send, for a device that sends by itself."""
        if self.firmware.period_s is not None:
            self._later(self.firmware.period_s, self._tick)
        if self.faults.reset_s:
            self._later(self.faults.reset_s, self._cut_power)

    def stop(self) -> None:
        """Fall silent."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        self._emit(self.firmware.receive(data))

    def reset(self) -> None:
        """Restart the firmware."""
        self._emit(self.firmware.reset())

    def _tick(self) -> None:
        self._emit(self.firmware.tick())
        if self.firmware.period_s is not None:
            self._later(self.firmware.period_s, self._tick)

    def _cut_power(self) -> None:
        self.reset()
        self._later(self.faults.reset_s, self._cut_power)

    def _emit(self, message: bytes) -> None:
        for piece in self.faults.pieces(message, self._random):
            if piece.delay_s:
                self._later(piece.delay_s, partial(self._send, piece.data))
            else:
                self._send(piece.data)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._number += 1
        number = self._number

        def run() -> None:
            self._timers.pop(number, None)
            action()

        due_ns = self._clock.monotonic_ns() + round(seconds * NS_PER_S)
        self._timers[number] = self._clock.call_at(due_ns, run)
