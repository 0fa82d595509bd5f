"""The Wio-E5's test mode: `AT+TEST=RFCFG`, `TXLRPKT`, `RXLRPKT`.

`NET:ON` is the LoRaWAN sync word. A heard frame is told in two lines, signal first. After a transmission the module
stops listening. Compared with Seeed's AT command specification as public drivers use it: so are the forms of RFCFG's
answer (`NET:` or, in newer firmware, `PNET:`), of the two lines of a frame (hex in either case) and of `+RESET: OK`;
the answer to TXLRPKT repeats the payload in some firmware and not in other.
"""

import re

from skerry_firmware_bridge.at_radio.dialect import (
    Answer,
    Command,
    Dialect,
    Heard,
    Line,
    Rebooted,
    Sent,
    Tuning,
    Unknown,
    hex_bytes,
)
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["WioE5"]

_SIGNAL = re.compile(r"\+TEST: LEN:(\d{1,3}), RSSI:(-?\d{1,3}), SNR:(-?\d{1,3})")
_FRAME = re.compile(r'\+TEST: RX "([0-9A-Fa-f ]*)"')
_ERROR = re.compile(r"\+\w+: ERROR\((-?\d+)\)")
_CONFIGURED = re.compile(r"\+TEST: RFCFG F:(\d+), SF(\d+), BW(\d+)K, .*POW:(-?\d+)dBm")
PREAMBLE = 8


class WioE5(Dialect):
    """Power up to 22 dBm is the high-power output of the STM32WLE5."""

    kind = "wio-e5"
    power_dbm = range(-1, 23)
    baudrate = 9600
    bad_value = "error_1"
    other_baudrates = (115_200,)

    def __init__(self) -> None:
        self._signal: tuple[int, int, int] | None = None

    def prepare(self) -> list[Command]:
        return [
            Command(text="AT", answers=lambda line: line == "+AT: OK"),
            Command(text="AT+MODE=TEST", answers=lambda line: line == "+MODE: TEST"),
        ]

    def reset(self) -> Command:
        return Command(text="AT+RESET", answers=lambda line: line.startswith("+RESET:"), reboots=True)

    def tune(self, tuning: Tuning, power_dbm: int) -> list[Command]:
        mhz = f"{tuning.frequency_hz / 1_000_000:.6f}".rstrip("0").rstrip(".")
        rate = tuning.datarate
        spreading, bandwidth = rate.spreading_factor, rate.bandwidth_khz
        polarity = "ON" if tuning.inverted else "OFF"
        wanted = (str(tuning.frequency_hz), str(spreading), str(bandwidth), str(power_dbm))

        def confirms(line: str) -> bool:
            found = _CONFIGURED.match(line)
            return found is not None and found.groups() == wanted

        fields = f"{mhz},SF{spreading},{bandwidth},{PREAMBLE},{PREAMBLE},{power_dbm},ON,{polarity},ON"
        return [Command(text=f"AT+TEST=RFCFG,{fields}", answers=confirms)]

    def listen(self) -> list[Command]:
        return [Command(text="AT+TEST=RXLRPKT", answers=lambda line: line == "+TEST: RXLRPKT")]

    def hush(self) -> list[Command]:
        return []  # any command ends listening

    def transmit(self, phy: bytes) -> list[Command]:
        text = phy.hex().upper()
        echoes = ("+TEST: TXLRPKT", f'+TEST: TXLRPKT "{text}"')
        return [Command(text=f'AT+TEST=TXLRPKT, "{text}"', answers=lambda line: line in echoes)]

    def read(self, text: str) -> Line:
        if text == "+TEST: TX DONE":
            return Sent()
        signal = _SIGNAL.fullmatch(text)
        if signal is not None:
            self._signal = (int(signal[1]), int(signal[2]), int(signal[3]))
            return Unknown(text=text)
        frame = _FRAME.fullmatch(text)
        if frame is not None:
            return self._heard(hex_bytes(frame[1]))
        if text.startswith(("+TEST: RX", "+TEST: LEN")) and text != "+TEST: RXLRPKT":
            self._signal = None
            raise FrameRejected("torn_line", detail=text)
        if text.startswith("+RESET:"):
            return Rebooted()
        error = _ERROR.fullmatch(text)
        return Answer(text=text, error=None if error is None else f"error_{error[1].lstrip('-')}")

    def _heard(self, phy: bytes) -> Heard:
        signal, self._signal = self._signal, None
        if signal is None or signal[0] != len(phy):
            raise FrameRejected("torn_line", detail=f"signal line {signal} does not belong to {len(phy)} bytes")
        return Heard(phy=phy, rssi_dbm=signal[1], snr_db=float(signal[2]))

    def forget(self) -> None:
        self._signal = None
