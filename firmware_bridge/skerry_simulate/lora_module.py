"""The firmware of AT LoRa modules in the RF medium: bytes in, bytes out, no port of its own.

Written from the modules' documented behaviour, apart from the drivers that are tested against it.
"""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from hashlib import sha256

from skerry_core.clock import NS_PER_MS, Clock
from skerry_simulate.medium import AirFrame, Reception, RfMedium

__all__ = ["LoraModule", "Rak3172Firmware", "WioE5Firmware"]

MAX_COMMAND_BYTES = 528


class LoraModule(ABC):
    """Common to all: line input, one channel, half duplex. `output` is where the module's bytes go."""

    kind: str
    maker: bytes  # the first octets of the EUIs that its maker burns in

    def __init__(
        self, *, name: str, cell: str, medium: RfMedium, clock: Clock, gain_dbi: float, height_m: float
    ) -> None:
        self.output: Callable[[bytes], None] | None = None
        self.counts: Counter[str] = Counter()
        self._medium = medium
        self._clock = clock
        self._input = bytearray()
        self._listening = False
        self.starts = 0
        self.dev_eui = self.maker + sha256(name.encode()).digest()[: 8 - len(self.maker)]
        self.channel = (868_000_000, 7, 125, 14, False)  # Hz, SF, kHz, dBm, inverted
        self.station = medium.add(
            name=name, cell=cell, gain_dbi=gain_dbi, height_m=height_m, listens=self._hears, on_frame=self._heard
        )

    @property
    def is_listening(self) -> bool:
        """Whether it hears now."""
        return self._listening

    def feed(self, data: bytes) -> None:
        """Take bytes from the serial line."""
        self._input += data.replace(b"\r", b"\n")
        *lines, rest = self._input.split(b"\n")
        self._input = bytearray(rest[-MAX_COMMAND_BYTES:])
        for line in lines:
            text = line.decode("ascii", "replace").strip()
            if text:
                self.counts["commands"] += 1
                self.command(text)

    @abstractmethod
    def command(self, text: str) -> None:
        """Execute one command line."""

    def power_on(self) -> None:
        """Start anew after a reset of the hardware, hearing again."""
        self.station.listens = self._hears
        self.restart()

    @abstractmethod
    def restart(self) -> None:
        """Start anew, as after a loss of power."""

    @abstractmethod
    def report(self, reception: Reception) -> None:
        """Tell the host of a heard frame."""

    def say(self, *lines: str) -> None:
        """Write lines to the host."""
        if self.output is not None:
            self.output("".join(f"{line}\r\n" for line in lines).encode())

    def _hears(self, frame: AirFrame) -> bool:
        hz, spreading, bandwidth, _, inverted = self.channel
        wanted = (hz, spreading, bandwidth, inverted)
        rate = frame.datarate
        return self._listening and wanted == (
            frame.frequency_hz,
            rate.spreading_factor,
            rate.bandwidth_khz,
            frame.inverted,
        )

    def _heard(self, reception: Reception) -> None:
        self.counts["heard"] += 1
        self.report(reception)

    def _transmit(self, phy: bytes, done: str) -> None:
        hz, spreading, bandwidth, power_dbm, inverted = self.channel
        frame = self._medium.transmit(
            self.station,
            phy=phy,
            frequency_hz=hz,
            datarate=f"SF{spreading}BW{bandwidth}",
            power_dbm=power_dbm,
            inverted=inverted,
        )
        self.counts["sent"] += 1
        start = self.starts

        def finish() -> None:
            if self.starts == start:
                self.say(done)

        self._clock.call_at(frame.end_ns, finish)


class WioE5Firmware(LoraModule):
    """Answers in the form `+NAME: ...`; every command ends listening."""

    kind = "wio-e5"
    maker = bytes.fromhex("2cf7f1")
    _testing = False

    def command(self, text: str) -> None:
        self._listening = False
        name, _, arguments = text.upper().partition("=")
        if name == "AT":
            self.say("+AT: OK")
        elif name == "AT+MODE" and arguments == "TEST":
            self._testing = True
            self.say("+MODE: TEST")
        elif name == "AT+VER":
            self.say("+VER: 4.0.11")
        elif name == "AT+ID" and arguments in {"", "DEVEUI"}:
            self.say(f"+ID: DevEui, {self.dev_eui.hex(':').upper()}")
        elif name == "AT+RESET":
            self.say("+RESET: OK")
            self.restart()
        elif name != "AT+TEST":
            self.say("+AT: ERROR(-10)")
        elif not self._testing:
            self.say("+TEST: ERROR(-12)")
        else:
            self._test(arguments)

    def _test(self, arguments: str) -> None:
        verb, *fields = [field.strip() for field in arguments.split(",")]
        if verb == "RFCFG" and len(fields) == 9 and self._configure(fields):
            hz, spreading, bandwidth, power_dbm, _ = self.channel
            _, _, _, transmit_preamble, receive_preamble, _, crc, polarity, net = fields
            self.say(
                f"+TEST: RFCFG F:{hz}, SF{spreading}, BW{bandwidth}K, TXPR:{transmit_preamble}, "
                f"RXPR:{receive_preamble}, POW:{power_dbm}dBm, CRC:{crc}, IQ:{polarity}, NET:{net}"
            )
        elif verb == "RXLRPKT":
            self._listening = True
            self.say("+TEST: RXLRPKT")
        elif verb == "TXLRPKT" and len(fields) == 1 and (found := re.fullmatch(r'"((?:[0-9A-F]{2} ?)+)"', fields[0])):
            phy = bytes.fromhex(found[1])
            self.say(f'+TEST: TXLRPKT "{phy.hex().upper()}"')
            self._transmit(phy, "+TEST: TX DONE")
        else:
            self.say("+TEST: ERROR(-1)")

    def _configure(self, fields: list[str]) -> bool:
        mhz, spreading, bandwidth, _, _, power_dbm, _, polarity, _ = fields
        try:
            hz = round(float(mhz) * 1_000_000)
            channel = (hz, int(spreading.removeprefix("SF")), int(bandwidth), min(22, int(power_dbm)), polarity == "ON")
        except ValueError:
            return False
        if not 150_000_000 <= hz <= 960_000_000 or channel[1] not in range(7, 13) or channel[2] not in (125, 250, 500):
            return False
        self.channel = channel
        return True

    def restart(self) -> None:
        self.starts += 1
        self._testing = self._listening = False
        self._input.clear()

    def report(self, reception: Reception) -> None:
        phy = reception.frame.phy
        self.say(
            f"+TEST: LEN:{len(phy)}, RSSI:{round(reception.signal_dbm)}, SNR:{round(reception.snr_db)}",
            f'+TEST: RX "{phy.hex().upper()}"',
        )


RAK_MODES = {"0": "LoRa P2P", "1": "LoRaWAN", "2": "FSK P2P"}


class Rak3172Firmware(LoraModule):
    """Answers `OK` or `AT_...`; keeps its work `mode` over a restart, not its listening.

    As RUI3 firmware does, it restarts on every `AT+NWM`, and its OK to that has no line end. In FSK it takes the
    commands of peer-to-peer mode and refuses LoRa's channels.
    """

    kind = "rak3172"
    maker = bytes.fromhex("ac1f09")
    mode = "1"

    def command(self, text: str) -> None:
        name, _, value = text.upper().partition("=")
        if name == "ATZ":
            self.restart()
            return
        known = {"AT+VER": "RUI_4.0.6_RAK3172-E", "AT+DEVEUI": self.dev_eui.hex().upper(), "AT+NWM": self.mode}.get(
            name
        )
        if known is not None and value == "?":
            self.say(f"{name}={known}", "", "OK")
            return
        handler = {"AT": self._nothing, "AT+NWM": self._mode}.get(name)
        radio = {
            "AT+P2P": self._tune,
            "AT+IQINVER": self._polarity,
            "AT+SYNCWORD": self._nothing,
            "AT+PRECV": self._receive,
            "AT+PSEND": self._send,
        }.get(name)
        if radio is not None:
            answer = "AT_MODE_NO_SUPPORT" if self.mode == "1" else radio(value)
        else:
            answer = "AT_COMMAND_NOT_FOUND" if handler is None else handler(value)
        if answer:
            self.say("", answer)

    def _nothing(self, value: str) -> str:
        del value
        return "OK"

    def _mode(self, value: str) -> str:
        if value not in RAK_MODES:
            return "AT_PARAM_ERROR"
        self.mode = value
        if self.output is not None:
            self.output(b"OK")
        self.restart()
        return ""

    def _tune(self, value: str) -> str:
        if self._listening:
            return "AT_BUSY_ERROR"
        if self.mode == "2":
            return "AT_PARAM_ERROR"
        fields = value.split(":")
        try:
            hz, spreading, bandwidth, rate, preamble, power_dbm = (int(field) for field in fields[:6])
        except ValueError:
            return "AT_PARAM_ERROR"
        if fields[6:] not in ([], ["0"], ["1"]):
            return "AT_PARAM_ERROR"
        known = 150_000_000 <= hz <= 960_000_000 and spreading in range(7, 13) and bandwidth in (125, 250, 500)
        if not known or rate not in range(4) or preamble < 5 or power_dbm not in range(5, 23):
            return "AT_PARAM_ERROR"
        self.channel = (hz, spreading, bandwidth, power_dbm, self.channel[4])
        return "OK"

    def _polarity(self, value: str) -> str:
        if self._listening:
            return "AT_BUSY_ERROR"
        if value not in {"0", "1"}:
            return "AT_PARAM_ERROR"
        self.channel = (*self.channel[:4], value == "1")
        return "OK"

    def _receive(self, value: str) -> str:
        if not value.isdigit() or int(value) > 65535:
            return "AT_PARAM_ERROR"
        self._listening = int(value) > 0
        return "OK"

    def _send(self, value: str) -> str:
        if not re.fullmatch(r"([0-9A-F]{2}){1,255}", value):
            return "AT_PARAM_ERROR"
        self._clock.call_at(
            self._clock.monotonic_ns() + NS_PER_MS, lambda: self._transmit(bytes.fromhex(value), "+EVT:TXP2P DONE")
        )
        return "OK"

    def restart(self) -> None:
        self.starts += 1
        self._listening = False
        self._input.clear()
        self.say("", "RAKwireless RAK3172 Example", "-" * 30, f"Current Work Mode: {RAK_MODES[self.mode]}.")

    def report(self, reception: Reception) -> None:
        signal, snr = round(reception.signal_dbm), round(reception.snr_db)
        self.say(f"+EVT:RXP2P:{signal}:{snr}:{reception.frame.phy.hex().upper()}")
