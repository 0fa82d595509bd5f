"""Every decoder of the device side with valid inputs to start from; the fuzz tests and `./dev soak` share the table.

python -m skerry_testing.decoders [INPUTS_PER_FAMILY]    runs mutated inputs and reports a line per family
"""

import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from random import Random

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.at_radio.identity import IDENTITIES
from skerry_firmware_bridge.ble.messages import MESSAGES
from skerry_firmware_bridge.ble.protobuf import decode
from skerry_firmware_bridge.cellular.carriers import read_carriers, read_networks
from skerry_firmware_bridge.cellular.cells import read_cells
from skerry_firmware_bridge.cellular.identity import imei_check_digit, read_identity, read_operators
from skerry_firmware_bridge.cellular.registration import read_registrations
from skerry_firmware_bridge.cellular.replies import read_transcript
from skerry_firmware_bridge.cellular.signal import read_signals, read_temperatures
from skerry_firmware_bridge.discovery.questions import QUESTIONS, lines_of
from skerry_firmware_bridge.discovery.talkers import talker
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.mcu import picogw, sx1302
from skerry_firmware_bridge.meter.iec62056 import decode_message, encode_command, encode_readout
from skerry_firmware_bridge.meter.p1 import check_telegram
from skerry_firmware_bridge.meter.p1_values import read_telegram
from skerry_firmware_bridge.modbus.frames import Request, Role, decode_ascii, decode_rtu, decode_tcp, encode
from skerry_firmware_bridge.sunspec.blocks import decode_block
from skerry_testing.hostile import EDITS, mutate
from skerry_testing.radio_decoders import RADIO_DECODERS

__all__ = ["DECODERS", "TELEGRAM"]

READ = sx1302.Spi(id=0, kind=sx1302.SpiKind.READ, address=0x5606, count=1)
SPI_REQUEST = sx1302.Request(id=3, command=sx1302.Command.SPI, spi=(READ,))
MODEM_LINES = (
    b'\r\n+QENG: "servingcell","NOCONN","NR5G-SA","TDD",310,260,18666712F,335,794E00,516270,41,12,-75,-11,5,1,-\r\n'
    b'\r\n+CREG: 2,1,"8BE3","00002B5D",3\r\n\r\n+CESQ: 99,99,95,40,255,255\r\n+QCSQ: "NR5G",-75,4,-11\r\n'
    b'+QCAINFO: "SCC",521310,11,"NR5G BAND 41",1,153,0,-,-,-76,-11,427\r\n+QTEMP:"aoss-0-usr","54"\r\n\r\nOK\r\n',
    b'+COPS: (2,"Telekom.de","TDG","26201",7),,(0,1,2)\r\n\r\n+CME ERROR: 13\r\n',
)
TELEGRAM = (
    b"/XYZ5\\2TEST\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(261120101500W)\r\n1-0:1.8.1(000123.456*kWh)\r\n"
    b"1-0:99.97.0(1)(0-0:96.7.19)(190326095015W)(0000002014*s)\r\n0-1:24.2.1(261120101500W)(00001.001*m3)\r\n!\r\n"
)
PICOGW_PACKET = bytes([1]) + struct.pack("<IxxxxI", 868_100_000, 1_000_000).ljust(42, b"\x10") + b"\x03\0abc"
SUNSPEC = b"SunS\0\x01\0\x02ABCD\0\xa0\0\x30" + bytes(range(96)) + b"\x02\xc1\0\x14" + bytes(40) + b"\xff\xff\0\0"


def _modem(raw: bytes) -> None:
    text = raw.decode("latin-1")
    read_transcript("AT+CREG?", text)
    read_identity("AT+CGMR", text)
    read_registrations(text, solicited=False)
    lines = text.split("\r\n")
    read_cells(lines)
    read_carriers(lines)
    read_networks(lines)
    read_signals(lines)
    read_temperatures(lines)
    for line in lines:
        read_operators(line)
    with suppress(FrameRejected):
        imei_check_digit(text)


def _discovery(raw: bytes) -> None:
    for question in QUESTIONS:
        question.tell(raw)
    talker(raw)
    for line in lines_of(raw):
        for trait in chain(*IDENTITIES.values()):
            trait.read(line)


def _telegram(raw: bytes) -> None:
    read_telegram(check_telegram(raw))


def _messages(raw: bytes) -> None:
    decode(MESSAGES["assert_location"], raw)
    decode(MESSAGES["diagnostics"], raw)


DECODERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "ble": (_messages, [b"\x0a\x10\x0a\x09connected\x12\x03yes", b"\x0d\0\0\x22\x42\x1a\x01o\x20\x03"]),
    "discovery": (_discovery, [TELEGRAM, b"\r\nAT_ERROR\r\n+AT: OK\r\nRN2483 1.0.5 x\r\n\x53\0\x15\x40l\0\x08\x01"]),
    "iec62056": (
        decode_message,
        [encode_command("R1", "1.8.0()"), encode_readout("1.8.0(1*kWh)\r\n"), b"/Els6\\2EK\r\n"],
    ),
    "modbus ascii": (lambda raw: decode_ascii(raw.decode("latin-1"), Role.REQUEST), [b":1103007C00026E\r\n"]),
    "modbus rtu": (lambda raw: decode_rtu(raw, Role.RESPONSE), [bytes.fromhex("110304008d008efbbd")]),
    "modbus tcp": (
        lambda raw: decode_tcp(raw, Role.REQUEST),
        [encode(Request(device=1, function=16, address=1, registers=(5, 10)), transport="tcp")],
    ),
    "modem": (_modem, list(MODEM_LINES)),
    "p1": (_telegram, [TELEGRAM]),
    "picogw": (lambda raw: picogw.decode_answer(picogw.Command.READ, raw), [b"r\0\x01\x01\x67"]),
    "picogw packets": (picogw.decode_packets, [PICOGW_PACKET]),
    "sunspec": (decode_block, [SUNSPEC]),
    "sx1302": (lambda raw: sx1302.decode_answer(SPI_REQUEST, raw), [bytes.fromhex("03000a4500010000050056060010")]),
    **RADIO_DECODERS,
}


def soak(inputs: int, *, seed: int = 1) -> None:
    """Feed every decoder that many random or mutated inputs; anything but its own error ends the run."""
    clock = SystemClock()
    for family, (decoder, seeds) in sorted(DECODERS.items()):
        random, rejected = Random(seed), 0
        started_ns = clock.monotonic_ns()
        for number in range(inputs):
            if number % 4 == 0:
                raw = random.randbytes(random.randrange(200))
            else:
                edits = [
                    (random.choice(EDITS), random.randrange(5000), random.randbytes(random.randrange(6)))
                    for _ in range(random.randrange(1, 5))
                ]
                raw = mutate(random.choice(seeds), edits)
            try:
                decoder(raw)
            except FrameRejected:
                rejected += 1
        seconds = (clock.monotonic_ns() - started_ns) / NS_PER_S
        print(f"{family}: {inputs} inputs, {rejected} rejected, {seconds:.0f} s")


if __name__ == "__main__":
    soak(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
