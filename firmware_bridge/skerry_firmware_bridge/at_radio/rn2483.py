"""The RN2483's and RN2903's radio commands (`radio set`, `radio tx`, `radio rx`), with its LoRaWAN stack paused.

Not AT by name, but the same kind of line protocol. A heard frame comes without its signal, which is asked for
afterwards, and ends listening. So does `radio_err`, which also tells of a failed transmission (Microchip DS40001784G,
`radio rx`, `radio tx`). `radio rxstop` and `radio get rssi` need firmware 1.0.5, which public drivers demand too: so
the version is asked for first, and told in the line that a restart gives.
"""

import re

from skerry_firmware_bridge.at_radio.dialect import (
    Answer,
    Command,
    Dialect,
    HeardBare,
    Line,
    Rebooted,
    Sent,
    Stopped,
    Tuning,
    Unfit,
    Unknown,
    hex_bytes,
)
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["Rn2483"]

_NUMBER = re.compile(r"-?\d{1,10}")
_HEARD = re.compile(r"radio_rx\s+([0-9A-Fa-f]+)")
_BANNER = re.compile(r"(RN2\d{3}A?) (\d{1,3})\.(\d{1,3})\.(\d{1,3})(?: .*)?")
OLDEST = (1, 0, 5)
_ERRORS = frozenset({"invalid_param", "busy", "denied", "not_joined"})
LORAWAN_SYNC_WORD = "34"
PREAMBLE = 8


class Rn2483(Dialect):
    """Power -3 to 15 dBm; received strength needs firmware 1.0.5 or newer."""

    kind = "rn2483"
    power_dbm = range(-3, 16)
    baudrate = 57_600
    bad_value = "invalid_param"

    def prepare(self) -> list[Command]:
        fixed = ("mod lora", "crc on", "cr 4/5", f"prlen {PREAMBLE}", f"sync {LORAWAN_SYNC_WORD}", "wdt 0")
        pause = Command(text="mac pause", answers=_is_number)
        version = Command(text="sys get ver", answers=_is_never, reboots=True)
        return [version, pause, *self.hush(), *(_command(f"radio set {setting}") for setting in fixed)]

    def reset(self) -> Command:
        return Command(text="sys reset", answers=_is_never, reboots=True)

    def tune(self, tuning: Tuning, power_dbm: int) -> list[Command]:
        rate = tuning.datarate
        settings = (
            f"freq {tuning.frequency_hz}",
            f"sf sf{rate.spreading_factor}",
            f"bw {rate.bandwidth_khz}",
            f"iqi {'on' if tuning.inverted else 'off'}",
            f"pwr {power_dbm}",
        )
        return [_command(f"radio set {setting}") for setting in settings]

    def listen(self) -> list[Command]:
        return [Command(text="radio rx 0", answers=_is_ok, done="busy")]  # without a limit; the first ok may get lost

    def hush(self) -> list[Command]:
        return [Command(text="radio rxstop", answers=_is_ok, optional=True)]  # refused when it is not listening

    def transmit(self, phy: bytes) -> list[Command]:
        return [_command(f"radio tx {phy.hex().upper()}")]

    def ask_signal(self) -> tuple[Command, Command]:
        return (
            Command(text="radio get rssi", answers=_is_number),
            Command(text="radio get snr", answers=_is_number),
        )

    def read(self, text: str) -> Line:
        if text == "radio_tx_ok":
            return Sent()
        if text == "radio_err":
            return Stopped()
        heard = _HEARD.fullmatch(text)
        if heard is not None:
            return HeardBare(phy=hex_bytes(heard[1]))
        if text.startswith("radio_rx"):
            raise FrameRejected("torn_line", detail=text)
        banner = _BANNER.fullmatch(text)
        if banner is not None:
            return _started(banner[1], (int(banner[2]), int(banner[3]), int(banner[4])))
        if text == "ok" or _NUMBER.fullmatch(text):
            return Answer(text=text)
        return Answer(text=text, error=text) if text in _ERRORS else Unknown(text=text)

    def forget(self) -> None:
        """Nothing is kept between lines."""


def _started(model: str, version: tuple[int, int, int]) -> Rebooted | Unfit:
    if version >= OLDEST:
        return Rebooted()
    found, needed = (".".join(map(str, one)) for one in (version, OLDEST))
    return Unfit(
        reason=f"This {model} has firmware {found}, which cannot tell the strength of a frame. "
        f"Update it to {needed} or later with Microchip's LoRa development utility."
    )


def _is_ok(line: str) -> bool:
    return line == "ok"


def _is_never(line: str) -> bool:
    """Only the banner is the answer."""
    del line
    return False


def _is_number(line: str) -> bool:
    return _NUMBER.fullmatch(line) is not None


def _command(text: str) -> Command:
    return Command(text=text, answers=_is_ok)
