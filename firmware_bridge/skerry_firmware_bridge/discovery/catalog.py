"""What a USB port may be by its vendor, product and interface numbers (serial-devices 3); probes decide."""

from dataclasses import dataclass

__all__ = ["Candidate", "candidate"]

QUECTEL = 0x2C7C
QUECTEL_AT_INTERFACES = (2, 3)  # primary and secondary AT port; 0 is diagnostics, 1 is GPS
MBIM_QUECTEL_AT_INTERFACE = 5
MBIM_QUECTEL = frozenset({0x0128})
STM32_PORT = (0x0483, 0x5740)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A guess in words for people, and the kinds worth asking for (none: leave the port alone).

    `lines_low`: open it with DTR and RTS low, for there may be a board behind it that they reset.
    """

    guess: str
    kinds: frozenset[str]
    lines_low: bool = False


NOTHING: frozenset[str] = frozenset()
CONCENTRATORS = frozenset({"sx1302-usb", "picogw"})
# Never asked without the owner's word: Modbus, because writing to an unknown bus is not harmless, and optical heads.
UART_KINDS = frozenset({"gwmp-serial", "modem", "p1", "p1-v2", "rak3172", "rn2483", "wio-e5"})
MODEM_KINDS = frozenset({"modem"})
ANYTHING = Candidate(guess="serial port", kinds=UART_KINDS | CONCENTRATORS)

_PRODUCTS = {
    (0x0483, 0xDF11): Candidate(guess="STM32 in firmware update mode", kinds=NOTHING),
    (0x05C6, 0x9008): Candidate(guess="Qualcomm modem in emergency download mode", kinds=NOTHING),
    (0x05C6, 0x9215): Candidate(guess="Quectel EC20 or another Gobi modem", kinds=MODEM_KINDS),
    (0x1199, 0x9071): Candidate(guess="Sierra Wireless MC7455", kinds=MODEM_KINDS),
    (0x1E0E, 0x9001): Candidate(guess="SIMCom modem", kinds=MODEM_KINDS),
    (0x1546, 0x01A7): Candidate(guess="u-blox 7 GPS", kinds=NOTHING),
    (0x1546, 0x01A8): Candidate(guess="u-blox 8 GPS", kinds=NOTHING),
    (0x303A, 0x1001): Candidate(guess="Espressif board", kinds=frozenset({"gwmp-serial"})),
}
_QUECTEL_MODELS = {
    0x0121: "EC21",
    0x0125: "EC25 or EG25",
    0x0128: "EM060K",
    0x0191: "EG91",
    0x0195: "EG95",
    0x0296: "BG96",
    0x0306: "EG06",
    0x0512: "EG12",
    0x0800: "RM500Q",
    0x0801: "RM520N",
}
_VENDORS = {
    0x0403: Candidate(guess="FTDI USB-UART adapter", kinds=UART_KINDS, lines_low=True),
    0x067B: Candidate(guess="Prolific USB-UART adapter", kinds=UART_KINDS, lines_low=True),
    0x10C4: Candidate(guess="Silicon Labs USB-UART adapter", kinds=UART_KINDS, lines_low=True),
    0x1A86: Candidate(guess="QinHeng USB-UART adapter", kinds=UART_KINDS, lines_low=True),
    0x1BC7: Candidate(guess="Telit modem", kinds=MODEM_KINDS),
    0x2CB7: Candidate(guess="Fibocom modem", kinds=MODEM_KINDS),
}


def candidate(*, vid: int | None, pid: int | None, product: str | None, interface: int | None) -> Candidate:
    """Return the guess for a port; a port without USB identity may be anything."""
    if vid is None or pid is None:
        return ANYTHING
    if vid == QUECTEL:
        return _quectel(pid, interface)
    if (vid, pid) == STM32_PORT:
        return _stm32(product or "")
    unknown = Candidate(guess=f"USB device {vid:04x}:{pid:04x}", kinds=NOTHING)
    return _PRODUCTS.get((vid, pid)) or _VENDORS.get(vid) or unknown


def _quectel(pid: int, interface: int | None) -> Candidate:
    name = f"Quectel {_QUECTEL_MODELS.get(pid, f'modem {pid:04x}')}"
    at_interfaces = (MBIM_QUECTEL_AT_INTERFACE,) if pid in MBIM_QUECTEL else QUECTEL_AT_INTERFACES
    if interface is None or interface in at_interfaces:
        return Candidate(guess=f"{name}, AT port", kinds=MODEM_KINDS)
    return Candidate(guess=f"{name}, diagnostics or GPS port", kinds=NOTHING)


def _stm32(product: str) -> Candidate:
    """Tell both concentrators, whose numbers are the same, by name: AT would put junk into their parsers."""
    if "PicoGW" in product:
        return Candidate(guess="PicoCell gateway", kinds=frozenset({"picogw"}))
    return Candidate(guess="CoreCell USB concentrator or another STM32 board", kinds=CONCENTRATORS)
