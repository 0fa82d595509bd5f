"""The concentrator emulators answer the published requests of real programs with answers that our checks accept."""

from skerry_firmware_bridge.mcu import picogw, sx1302
from skerry_firmware_bridge.mcu.conformance import KINDS
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.concentrator import CoreCellFirmware, PicoCellFirmware
from skerry_testing.vectors import cases


def _clock() -> SimulatedClock:
    return SimulatedClock(start_s=1_790_000_000)


def test_the_corecell_emulator_answers_every_published_request() -> None:
    answered = 0
    for case in cases("serial.sx1302.request")["cases"]:
        frame = case["out"].get("frame_hex")
        if frame is None:
            continue
        answer = CoreCellFirmware(clock=_clock()).receive(bytes.fromhex(frame))
        out = KINDS["serial.sx1302.answer"].run({"request": case["in"], "chunks_hex": [answer.hex()]})
        assert out["rest_bytes"] == 0, case["id"]
        answered += 1
    assert answered >= 8


def test_the_corecell_emulator_keeps_what_is_written() -> None:
    firmware = CoreCellFirmware(clock=_clock())
    write = sx1302.Spi(id=0, kind=sx1302.SpiKind.WRITE, address=0x5780, data=b"\x06\x07")
    change = sx1302.Spi(id=1, kind=sx1302.SpiKind.RMW, address=0x5781, mask=0x0F, value=0x05)
    read = sx1302.Spi(id=2, kind=sx1302.SpiKind.READ, address=0x5780, count=2)
    request = sx1302.Request(id=9, command=sx1302.Command.SPI, spi=(write, change, read))
    answer = sx1302.decode_answer(request, firmware.receive(sx1302.encode_request(request)))
    assert answer.spi is not None
    assert (answer.spi[1].old, answer.spi[1].new) == (7, 5)
    assert answer.spi[2].data == b"\x06\x05"


def test_the_picocell_emulator_refuses_other_firmware_and_unknown_commands() -> None:
    firmware = PicoCellFirmware(clock=_clock())
    assert firmware.receive(b"?\0\0\0") == b"k\0\0\0"
    refused = firmware.receive(picogw.encode_request(picogw.Command.FIRMWARE, data=bytes(4)))
    assert refused[3] == 0
