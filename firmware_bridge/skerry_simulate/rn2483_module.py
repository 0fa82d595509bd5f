"""The RN2483's firmware in the RF medium: `radio` commands, one reception per `radio rx`, signal on request."""

from collections.abc import Callable

from skerry_simulate.lora_module import LoraModule
from skerry_simulate.medium import Reception

__all__ = ["Rn2483Firmware"]

PAUSED_MS = 4_294_967_245
NAME = "RN2483 1.0.5 Oct 31 2018 15:06:52"


class Rn2483Firmware(LoraModule):
    """Answers `ok`, a value, `invalid_param` or `busy`; refuses radio commands until its LoRaWAN stack is paused."""

    kind = "rn2483"
    maker = bytes.fromhex("0004a3")
    banner = NAME
    _paused = False
    _last: Reception | None = None

    def command(self, text: str) -> None:
        words = text.lower().split()
        match words:
            case ["mac", "pause"]:
                self._paused = True
                self.say(str(PAUSED_MS))
            case ["sys", "get", "ver"]:
                self.say(self.banner)
            case ["sys", "get", "hweui"]:
                self.say(self.dev_eui.hex().upper())
            case ["sys", "reset"]:
                self.restart()
            case ["radio", *_] if not self._paused:
                self.say("busy")
            case ["radio", "set", name, value]:
                self.say("busy" if self._listening else self._set(name, value))
            case ["radio", "get", "rssi"] if self._last is not None:
                self.say(str(round(self._last.signal_dbm)))
            case ["radio", "get", "snr"] if self._last is not None:
                self.say(str(round(self._last.snr_db)))
            case ["radio", "rx", "0"]:
                self.say("busy" if self._listening else "ok")
                self._listening = True
            case ["radio", "rxstop"]:
                self._listening = False
                self.say("ok")
            case ["radio", "tx", data] if not self._listening:
                self._send(data)
            case _:
                self.say("invalid_param")

    def _send(self, data: str) -> None:
        try:
            phy = bytes.fromhex(data)
        except ValueError:
            self.say("invalid_param")
            return
        self.say("ok")
        self._transmit(phy, "radio_tx_ok")

    def _set(self, name: str, value: str) -> str:
        hz, spreading, bandwidth, power_dbm, inverted = self.channel
        fixed = {"mod": {"lora"}, "crc": {"on", "off"}, "cr": {"4/5"}, "prlen": {"8"}, "sync": {"34"}, "wdt": {"0"}}
        if name in fixed:
            return "ok" if value in fixed[name] else "invalid_param"
        readers: dict[str, Callable[[str], tuple[int, int, int, int, bool]]] = {
            "freq": lambda text: (int(text), spreading, bandwidth, power_dbm, inverted),
            "sf": lambda text: (hz, int(text.removeprefix("sf")), bandwidth, power_dbm, inverted),
            "bw": lambda text: (hz, spreading, int(text), power_dbm, inverted),
            "pwr": lambda text: (hz, spreading, bandwidth, int(text), inverted),
            "iqi": lambda text: (hz, spreading, bandwidth, power_dbm, text == "on"),
        }
        try:
            channel = readers[name](value)
        except (KeyError, ValueError):
            return "invalid_param"
        known = 433_050_000 <= channel[0] <= 870_000_000 and channel[1] in range(7, 13) and channel[3] in range(-3, 16)
        if not known or channel[2] not in (125, 250, 500):
            return "invalid_param"
        self.channel = channel
        return "ok"

    def restart(self) -> None:
        self.starts += 1
        self._paused = self._listening = False
        self._last = None
        self._input.clear()
        self.say(self.banner)

    def fail(self) -> None:
        """End what the radio does without a result, as after a wrong checksum or the watchdog's limit."""
        self.starts += 1  # the transmission's end is told no more
        self._listening = False
        self.say("radio_err")

    def report(self, reception: Reception) -> None:
        self._last = reception
        self._listening = False
        self.say(f"radio_rx  {reception.frame.phy.hex().upper()}")
