"""What every AT LoRa module can do, as commands to send and the meaning of its lines; pure, no I/O."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skerry_firmware_bridge.errors import FrameRejected
from skerry_radio.lora import Datarate

__all__ = [
    "Answer",
    "Command",
    "Dialect",
    "Heard",
    "HeardBare",
    "Line",
    "Rebooted",
    "Sent",
    "Stopped",
    "Tuning",
    "Unfit",
    "Unknown",
]

COMMAND_TIMEOUT_S = 2.0  # the slowest answer that is not a transmission takes a few hundred milliseconds
MAX_PHY_BYTES = 250  # both modules take a little more; LoRaWAN frames are shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """One channel: frequency, data rate, chirp direction."""

    frequency_hz: int
    datarate: Datarate
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command and how to know its answer among the module's lines.

    `reboots` = the module restarts on it; `optional` = a refusal changes nothing; `instead` = what to send where the
    module refuses this; `after` = what to send after a certain refusal; `done` = the refusal that tells it is done.
    """

    text: str
    answers: Callable[[str], bool]
    timeout_s: float = COMMAND_TIMEOUT_S
    reboots: bool = False
    optional: bool = False
    instead: "Command | None" = None
    done: str | None = None
    after: "Mapping[str, Command]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The line ends the command in progress; `error` is the module's own code when it refused."""

    text: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A frame from the air."""

    phy: bytes
    rssi_dbm: int
    snr_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardBare:
    """A frame from the air whose signal has to be asked for; the module has stopped listening."""

    phy: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The transmission in progress is over."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What the radio was doing has ended without a result: the transmission failed, or it no longer listens."""


@dataclass(frozen=True, slots=True)
class Rebooted:
    """The module has started anew and forgotten its settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """The module says of itself that it cannot do what is needed; `reason` is a sentence for people."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A line without meaning here: an echo, a notice, or junk."""

    text: str


Line = Answer | Heard | HeardBare | Sent | Stopped | Rebooted | Unfit | Unknown


class Dialect(ABC):
    """One command set. `read` keeps what it must between lines; everything else is pure."""

    kind: str
    power_dbm: range  # what the module can be asked for
    baudrate: int  # as delivered
    bad_value: str  # the code of a refusal of a frequency or another value
    other_baudrates: tuple[int, ...] = ()  # to which owners and older firmware set it

    @abstractmethod
    def prepare(self) -> list[Command]:
        """Return the commands that bring a freshly started module into the mode needed."""

    @abstractmethod
    def reset(self) -> Command:
        """Return the command that starts the module anew; a `Rebooted` line answers it."""

    @abstractmethod
    def tune(self, tuning: Tuning, power_dbm: int) -> list[Command]:
        """Return the commands that set channel and power."""

    @abstractmethod
    def listen(self) -> list[Command]:
        """Return the commands after which heard frames are reported."""

    @abstractmethod
    def hush(self) -> list[Command]:
        """Return the commands that end listening, needed before tuning."""

    @abstractmethod
    def transmit(self, phy: bytes) -> list[Command]:
        """Return the commands that send a frame on the tuned channel; a `Sent` line follows its answer."""

    def ask_signal(self) -> tuple[Command, Command]:
        """Return the commands whose numeric answers are RSSI and SNR of the last frame; for `HeardBare` only."""
        raise NotImplementedError(self.kind)

    @abstractmethod
    def read(self, text: str) -> Line:
        """Return the meaning of a line. Raises `FrameRejected` for a torn report of a heard frame."""

    @abstractmethod
    def forget(self) -> None:
        """Forget half of a report, after a reset or a lost link."""


def hex_bytes(text: str) -> bytes:
    """Return the bytes of a hex text, blanks allowed between them. Raises `FrameRejected("torn_line")`."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise FrameRejected("torn_line", detail=f"not hex: {text[:40]!r}") from None
