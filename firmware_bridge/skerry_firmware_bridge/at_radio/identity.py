"""Who an AT LoRa module is: the questions about firmware and serial number, and the meaning of their answers; pure.

`discovery.lora` asks them. None changes the module's state, except that a Wio-E5 stops listening on any command.
Sources: Seeed's LoRa-E5 AT specification (AT+VER, AT+ID), RAK's RUI3 AT manual and its migration guide (AT+VER=?,
AT+DEVEUI=?; `AT+VER=3.2.0` in RUI3, `V1.0.4` before), Microchip DS40001784G (sys get ver, sys get hweui).
"""

import re
from dataclasses import dataclass

__all__ = ["IDENTITIES", "Trait", "kind_of_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One question: `pattern` matches the line that answers it, its groups joined by a blank are the value."""

    name: str
    command: str
    pattern: re.Pattern[str]

    def read(self, line: str) -> str | None:
        """Return the value that a line gives, None for any other line."""
        found = self.pattern.fullmatch(line)
        if found is None:
            return None
        value = " ".join(found.groups())
        return value.replace(":", "").lower() if self.name == "dev_eui" else value


def _trait(name: str, command: str, pattern: str) -> Trait:
    return Trait(name=name, command=command, pattern=re.compile(pattern))


IDENTITIES: dict[str, tuple[Trait, ...]] = {
    "wio-e5": (
        _trait("firmware", "AT+VER", r"\+VER: (\S+)"),
        _trait("dev_eui", "AT+ID=DevEui", r"\+ID: DevEui, ((?:[0-9A-Fa-f]{2}:){7}[0-9A-Fa-f]{2})"),
    ),
    "rak3172": (
        _trait("firmware", "AT+VER=?", r"(?:AT\+VER=V?|V)([0-9A-Z_]\S*)"),
        _trait("dev_eui", "AT+DEVEUI=?", r"(?:AT\+DEVEUI=)?((?:[0-9A-Fa-f]{2}:?){7}[0-9A-Fa-f]{2})"),
    ),
    "rn2483": (
        _trait("firmware", "sys get ver", r"RN2(?:483|903)A? (\S+)(?: .*)?"),
        _trait("dev_eui", "sys get hweui", r"([0-9A-Fa-f]{16})"),
    ),
}
_SIGNS = (
    (re.compile(r"\+(?:AT|TEST|VER|ID|MODE|RESET|LOG): .*"), "wio-e5"),
    (re.compile(r"AT_[A-Z]+(?:_[A-Z]+)*|AT\+VER=(?!\?).*|\+EVT:.*|Current Work Mode.*"), "rak3172"),
    (re.compile(r"RN2(?:483|903).*|radio_rx .*"), "rn2483"),
)


def kind_of_lines(lines: list[str]) -> str | None:
    """Return the kind of module that speaks in such lines, None when none of ours does."""
    return next((kind for line in lines for sign, kind in _SIGNS if sign.fullmatch(line)), None)
