"""The RAK3172's peer-to-peer mode (RUI3 firmware): `AT+NWM`, `AT+P2P`, `AT+PSEND`, `AT+PRECV`.

A command ends with `OK` or a line `AT_...`; events begin with `+EVT:`. Changing the channel while listening is refused
as busy, so listening is switched off first. Compared with RAK's RUI3 firmware (`atcmd_p2p.c`, `service_lora_p2p.c`):
- `AT+NWM` restarts the module even when the mode stays, after an `OK` without a line end. So the mode is asked for
  (`AT+NWM=` 0 peer-to-peer LoRa, 1 LoRaWAN, 2 peer-to-peer FSK) and set only where it is another; firmware that cannot
  be asked tells by refusing `AT+PRECV`.
- `AT+P2P` with a seventh field 1 sets the channel until the next restart; without it the flash memory is written, as by
  `AT+IQINVER`. So the former is preferred, which older firmware refuses, and the latter sent only for a change.
- A report has no length or checksum: one that the line tears at an even place is a shorter frame, as with the RN2483.
  No network server takes it, since its MIC is wrong.
- Preamble 5 or more, power 5 to 22 dBm; 65533 listens on after a frame with a wrong checksum.
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

__all__ = ["Rak3172"]

_HEARD = re.compile(r"\+EVT:RXP2P:(-?\d{1,3}):(-?\d{1,3}):([0-9A-Fa-f]*)")
_ERROR = re.compile(r"AT_[A-Z_]+")
OTHER_MODE = "other_mode"
LORAWAN_SYNC_WORD = "3444"  # as the SX126x register holds it
PREAMBLE = 8
REBOOT_TIMEOUT_S = 5.0
CODING_RATE_4_5 = 0
LISTEN_ALWAYS = 65533  # until told otherwise, with sending allowed


class Rak3172(Dialect):
    """Power 5 to 22 dBm, as the module's manual gives it."""

    kind = "rak3172"
    power_dbm = range(5, 23)
    baudrate = 115_200
    bad_value = "at_param_error"
    other_baudrates = (9600,)  # before RUI3

    def __init__(self) -> None:
        self._inverted: bool | None = None

    def prepare(self) -> list[Command]:
        self._inverted = None
        mode = Command(text="AT+NWM=0", answers=_never, timeout_s=REBOOT_TIMEOUT_S, reboots=True)
        asked = Command(text="AT+NWM=?", answers=_is_ok, optional=True, after={OTHER_MODE: mode})
        quiet = Command(text="AT+PRECV=0", answers=_is_ok, instead=mode)  # refused in another mode
        return [_command("AT"), asked, quiet, _command("AT+PRECV=0"), _command(f"AT+SYNCWORD={LORAWAN_SYNC_WORD}")]

    def reset(self) -> Command:
        return Command(text="ATZ", answers=_never, timeout_s=REBOOT_TIMEOUT_S, reboots=True)

    def tune(self, tuning: Tuning, power_dbm: int) -> list[Command]:
        rate = tuning.datarate
        place = f"{tuning.frequency_hz}:{rate.spreading_factor}:{rate.bandwidth_khz}"
        channel = f"AT+P2P={place}:{CODING_RATE_4_5}:{PREAMBLE}:{power_dbm}"
        commands = [Command(text=f"{channel}:1", answers=_is_ok, instead=_command(channel))]
        if tuning.inverted is not self._inverted:
            self._inverted = tuning.inverted  # `prepare` comes after whatever fails
            commands.append(_command(f"AT+IQINVER={int(tuning.inverted)}"))
        return commands

    def listen(self) -> list[Command]:
        return [_command(f"AT+PRECV={LISTEN_ALWAYS}")]

    def hush(self) -> list[Command]:
        return [_command("AT+PRECV=0")]

    def transmit(self, phy: bytes) -> list[Command]:
        return [_command(f"AT+PSEND={phy.hex().upper()}")]

    def read(self, text: str) -> Line:
        if text == "+EVT:TXP2P DONE":
            return Sent()
        heard = _HEARD.fullmatch(text)
        if heard is not None and heard[3]:
            return Heard(phy=hex_bytes(heard[3]), rssi_dbm=int(heard[1]), snr_db=float(heard[2]))
        if text.startswith("+EVT:RXP2P:"):
            raise FrameRejected("torn_line", detail=text)
        if text.startswith("Current Work Mode"):
            return Rebooted()
        if text == "OK":
            return Answer(text=text)
        if text in {"AT+NWM=1", "AT+NWM=2"}:
            return Answer(text=text, error=OTHER_MODE)
        if _ERROR.fullmatch(text):
            return Answer(text=text, error=text.lower())
        return Unknown(text=text)

    def forget(self) -> None:
        self._inverted = None


def _never(line: str) -> bool:
    """Only the restart is the answer: the OK before it has no line end."""
    del line
    return False


def _is_ok(line: str) -> bool:
    return line == "OK"


def _command(text: str) -> Command:
    return Command(text=text, answers=_is_ok)
