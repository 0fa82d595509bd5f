"""AT modems: a Quectel RM520N on 5G, alone or beside LTE, an EC25, and a modem that knows the 3GPP commands only.

Identities and cells are invented (test network 001 01).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from skerry_firmware_bridge.cellular.identity import imei_check_digit
from skerry_simulate.devices.firmware import Firmware

__all__ = ["ModemFirmware", "generic_lte", "quectel_ec25", "quectel_rm520n", "quectel_rm520n_nsa"]

URC_PERIOD_S = 15.0
_REGISTRATION = re.compile(r"AT\+(CREG|CGREG|CEREG|C5GREG)(\?|=[012])")
Reply = Callable[["ModemFirmware"], str]


@dataclass(slots=True)
class Air:
    """What the modem hears now, drifting by a decibel from query to query."""

    random: Random
    rsrp_dbm: int = -84

    def step(self) -> int:
        self.rsrp_dbm = max(-120, min(-60, self.rsrp_dbm + self.random.randint(-1, 1)))
        return self.rsrp_dbm


class ModemFirmware(Firmware):
    """Answers commands out of `replies`, echoes until ATE0, reports unasked.

    Registration queries (`AT+CEREG?`) hold `<stat>[,<area>,<cell>,<technology>]`; the mode in front is the modem's own.
    """

    period_s = URC_PERIOD_S

    def __init__(self, replies: dict[str, Reply | str], *, random: Random, urc: str) -> None:
        self.air = Air(random)
        self.replies = replies
        self._urc = urc
        self._echo = True
        self._line = b""
        self._modes: dict[str, int] = {}  # <n> of each registration command

    def receive(self, data: bytes) -> bytes:
        *lines, self._line = (self._line + data).split(b"\r")
        return b"".join(self._answer(line.decode("latin-1").strip()) for line in lines)

    def tick(self) -> bytes:
        return f"\r\n{self._urc}\r\n".encode()

    def reset(self) -> bytes:
        self._echo, self._line = True, b""
        self._modes.clear()
        return b"\r\nRDY\r\n"

    def _answer(self, command: str) -> bytes:
        echo = f"{command}\r" if self._echo and command else ""
        return (echo + self._reply(command.upper())).encode("latin-1")

    def _reply(self, command: str) -> str:
        match command:
            case "":
                return ""
            case "ATE0" | "ATE1":
                self._echo = command == "ATE1"
                return "\r\nOK\r\n"
            case "AT" | "AT+CMEE=1":
                return "\r\nOK\r\n"
            case "AT+CFUN=1,1":
                self._echo = True
                return "\r\nOK\r\n"
        if match := _REGISTRATION.fullmatch(command):
            return self._registration(match[1], match[2])
        reply = self.replies.get(command)
        if reply is None:
            return "\r\nERROR\r\n"
        text = reply if isinstance(reply, str) else reply(self)
        return "".join(f"\r\n{line}\r\n" for line in text.splitlines()) + "\r\nOK\r\n"

    def _registration(self, name: str, wish: str) -> str:
        """Answer a registration query in the mode last set: area, cell and technology are told in mode 2 only."""
        state = self.replies.get(f"AT+{name}?")
        if not isinstance(state, str):
            return "\r\nERROR\r\n"
        if wish != "?":
            self._modes[name] = int(wish[1:])
            return "\r\nOK\r\n"
        mode = self._modes.get(name, 0)
        told = state if mode == 2 else state.split(",")[0]
        return f"\r\n+{name}: {mode},{told}\r\n\r\nOK\r\n"


def quectel_rm520n(random: Random) -> ModemFirmware:
    """Return an RM520N-GL registered on standalone 5G, band n78."""
    return ModemFirmware(
        _identity("Quectel", "RM520N-GL", "RM520NGLAAR03A03M4G", random)
        | {
            "AT+CREG?": "0",
            "AT+CEREG?": "0",
            "AT+C5GREG?": '1,"15EC","12AA54086",11',
            "AT+COPS?": '+COPS: 0,2,"00101",11',
            "AT+CSQ": "+CSQ: 99,99",
            "AT+CESQ": "+CESQ: 99,99,255,255,255,255",
            'AT+QENG="SERVINGCELL"': _nr_cell,
            'AT+QENG="NEIGHBOURCELL"': '+QENG: "neighbourcell","NR5G",634080,263,-101,-13,1',
            "AT+QCAINFO": '+QCAINFO: "PCC",634080,12,"NR5G BAND 78",262',
            "AT+QTEMP": '+QTEMP:"aoss-0-usr","47"\n+QTEMP:"modem-mmw0","-273"',
        },
        random=random,
        urc='+QIND: "csq",99,99',
    )


def quectel_rm520n_nsa(random: Random) -> ModemFirmware:
    """Return an RM520N-GL with 5G band n78 beside an LTE anchor in band 3 (EN-DC)."""
    return ModemFirmware(
        _identity("Quectel", "RM520N-GL", "RM520NGLAAR03A03M4G", random)
        | {
            "AT+CREG?": "0",
            "AT+CEREG?": '1,"0BFF","01C36403",13',
            "AT+COPS?": '+COPS: 0,2,"00101",13',
            "AT+CSQ": "+CSQ: 26,99",
            "AT+CESQ": lambda modem: f"+CESQ: 99,99,255,255,20,{modem.air.rsrp_dbm + 141}",
            'AT+QENG="SERVINGCELL"': _dual_cells,
            'AT+QENG="NEIGHBOURCELL"': '+QENG: "neighbourcell intra","LTE",1300,155,-13,-99,-70,8,-4,7,0,0,0',
            "AT+QCAINFO": '+QCAINFO: "PCC",1300,100,"LTE BAND 3",1,246,-93,-11,-61,21\n'
            '+QCAINFO: "SCC",634080,12,"NR5G BAND 78",262',
            "AT+QTEMP": '+QTEMP:"aoss-0-usr","49"\n+QTEMP:"modem-mmw0","-273"',
        },
        random=random,
        urc='+QIND: "csq",26,99',
    )


def quectel_ec25(random: Random) -> ModemFirmware:
    """Return an EC25 on LTE band 3."""
    return ModemFirmware(
        _identity("Quectel", "EC25", "EC25EFAR06A03M4G", random)
        | {
            "AT+CREG?": '1,"0BFF","01C36403",7',
            "AT+CEREG?": '1,"0BFF","01C36403",7',
            "AT+COPS?": '+COPS: 0,0,"Test Network",7',
            "AT+CSQ": "+CSQ: 20,99",
            "AT+CESQ": lambda modem: f"+CESQ: 99,99,255,255,20,{modem.air.step() + 141}",
            'AT+QENG="SERVINGCELL"': _lte_cell,
            'AT+QENG="NEIGHBOURCELL"': '+QENG: "neighbourcell intra","LTE",1300,155,-13,-99,-70,8,-4,7,0,0,0',
            "AT+QCAINFO": '+QCAINFO: "PCC",1300,100,"LTE BAND 3",1,246,-93,-11,-61,21',
            "AT+QTEMP": "+QTEMP: 41,39,38",
        },
        random=random,
        urc='+CEREG: 1,"0BFF","01C36403",7',
    )


def generic_lte(random: Random) -> ModemFirmware:
    """Return a modem of another maker: 3GPP commands only, everything else is an error."""
    return ModemFirmware(
        _identity("Example", "LTE-1", "1.0.7", random)
        | {
            "AT+CREG?": "5",
            "AT+CEREG?": '5,"0BFF","01C36403",7',
            "AT+COPS?": '+COPS: 0,0,"Test Network",7',
            "AT+CSQ": "+CSQ: 17,0",
            "AT+CESQ": lambda modem: f"+CESQ: 99,99,255,255,18,{modem.air.step() + 141}",
        },
        random=random,
        urc="+CREG: 5",
    )


def _identity(maker: str, model: str, firmware: str, random: Random) -> dict[str, Reply | str]:
    body = f"0010100{random.randrange(10**7):07d}"  # test type allocation code
    return {
        "ATI": f"{maker}\n{model}\nRevision: {firmware}",
        "AT+CGMI": maker,
        "AT+CGMM": model,
        "AT+CGMR": firmware,
        "AT+CGSN": f"{body}{imei_check_digit(body)}",
        "AT+CPIN?": "+CPIN: READY",
    }


def _nr_cell(modem: ModemFirmware) -> str:
    rsrp_dbm = modem.air.step()
    return f'+QENG: "servingcell","NOCONN","NR5G-SA","TDD",001,01,12AA54086,262,15EC,634080,78,12,{rsrp_dbm},-11,19,1,-'


def _dual_cells(modem: ModemFirmware) -> str:
    rsrp_dbm = modem.air.step()
    return (
        '+QENG: "servingcell","NOCONN"\n'
        f'+QENG: "LTE","FDD",001,01,1C36403,246,1300,3,5,5,BFF,{rsrp_dbm},-11,-61,21,15,100,-\n'
        f'+QENG: "NR5G-NSA",001,01,262,{rsrp_dbm - 6},17,-11,634080,78,12,1'
    )


def _lte_cell(modem: ModemFirmware) -> str:
    rsrp_dbm = modem.air.step()
    return f'+QENG: "servingcell","NOCONN","LTE","FDD",001,01,1C36403,246,1300,3,5,5,BFF,{rsrp_dbm},-11,-61,21,15,100,-'
