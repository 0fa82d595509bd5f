"""What the reader asks for and what it makes of it: base order, limits, L alone, refused and moved blocks, no end."""

import asyncio
import struct

import pytest

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.bus import Registers
from skerry_firmware_bridge.modbus.frames import READ_LIMIT
from skerry_firmware_bridge.sunspec.device import SunSpecSession
from skerry_firmware_bridge.sunspec.reader import SunSpecReader
from skerry_simulate.devices.sunspec_unit import Values as Points
from skerry_simulate.devices.sunspec_unit import model_registers

COMMON: tuple[int, Points] = (1, {"Mn": "Maker", "Md": "Model", "SN": "SN7"})


class Memory:
    """Registers that are there; `refused` addresses and all others are answered with an exception."""

    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers
        self.refused: set[int] = set()
        self.refusal: str | None = None
        self.asked: list[tuple[int, int]] = []

    async def watch(self) -> None:
        await asyncio.Event().wait()

    async def read(self, address: int, count: int) -> Registers | None:
        self.asked.append((address, count))
        wanted = range(address, address + count)
        if self.refused & set(wanted) or not self.registers.keys() >= set(wanted):
            self.refusal = "illegal_address"
            return None
        return [self.registers[at] for at in wanted]


def _memory(*models: tuple[int, Points], base: int = 40000, end: bytes = b"\xff\xff\0\0", cut: int = 0) -> Memory:
    image = b"SunS"
    for model_id, points in models:
        block = model_registers(model_id, points)
        block = block[: len(block) - 2 * cut] if model_id == 1 else block
        image += struct.pack(">HH", model_id, len(block) // 2) + block
    image += end
    words = struct.unpack(f">{len(image) // 2}H", image)
    return Memory({base + at: word for at, word in enumerate(words)})


def _reading(memory: Memory) -> dict[str, object]:
    async def main() -> dict[str, object]:
        session = SunSpecSession(SunSpecReader(memory))
        return {**await session.identify(), **await session.read()}

    return asyncio.run(main())


@pytest.mark.parametrize("base", [40000, 0, 50000])
def test_bases_are_tried_in_the_usual_order(base: int) -> None:
    memory = _memory(COMMON, (203, {"W": 640, "W_SF": 0}), base=base)
    assert _reading(memory)["sunspec_base"] == base
    tried = [address for address, count in memory.asked if count == 3]
    assert tried == [40000, 0, 50000][: [40000, 0, 50000].index(base) + 1]


def test_long_models_are_read_whole_in_as_few_requests_as_the_limit_allows() -> None:
    port = {"PrtTyp": 0, "ID": 1, "IDStr": "port", "DCW": 5}
    models: list[tuple[int, Points]] = [
        COMMON,
        (160, {"DCW_SF": 0, "N": 6, "module": [{"DCW": 10}] * 6}),
        (203, {}),
        (701, {"W": 1, "W_SF": 0}),
    ]
    models += [(702, {}), (713, {}), (714, {"NPrt": 5, "DCW_SF": 0, "Prt": [port] * 5}), (802, {})]
    memory = _memory(*models)
    values = _reading(memory)
    assert max(count for _, count in memory.asked) <= READ_LIMIT
    assert (values["strings"], values["strings_power_w"], values["dc_ports"], values["power_w"]) == (6, 60, 5, 1)
    counts = [count for _, count in memory.asked if count > 3]
    # the common model for the identity, and with the reading; model 160: 128 + 2 registers, then its scale factors
    # again; 203: 107; 701: 155; 714: 143 + 2, and its scale factors
    assert counts == [68, 68, 125, 5, 6, 107, 125, 30, 52, 9, 125, 20, 20, 64]


def test_a_common_model_of_65_registers_shifts_nothing() -> None:
    values = _reading(_memory(COMMON, (203, {"W": 640, "W_SF": 0}), cut=1))
    assert (values["serial"], values["power_w"]) == ("SN7", 640)


@pytest.mark.parametrize("end", [b"\xff\xff", b""])
def test_a_chain_may_end_without_the_length_of_its_end_or_without_any_end(end: bytes) -> None:
    memory = _memory(COMMON, (203, {"W": 640, "W_SF": 0}), end=end)
    assert _reading(memory)["power_w"] == 640


def test_a_refused_block_is_none_and_the_reading_is_called_partial() -> None:
    memory = _memory(COMMON, (103, {"W": 5, "W_SF": 0}), (160, {"DCW_SF": 0, "N": 1, "module": [{"DCW": 10}]}))
    whole = _reading(memory)
    assert (whole["quality"], whole["meter_id"]) == ("checked", "SN7")
    memory.refused = {40080}
    values = _reading(memory)
    assert (values["power_w"], values["produced_wh"], values["strings"], values["quality"]) == (
        None,
        None,
        1,
        "partial",
    )
    assert (whole["refused_models"], values["refused_models"]) == (None, "103")


def test_a_map_that_has_moved_is_noticed_and_no_value_taken_from_it() -> None:
    async def main() -> None:
        memory = _memory(COMMON, (203, {"W": 640, "W_SF": 0}))
        session = SunSpecSession(SunSpecReader(memory))
        await session.identify()
        memory.registers = _memory(COMMON, (103, {"W": 5, "W_SF": 0}), (203, {"W": 640, "W_SF": 0})).registers
        with pytest.raises(FrameRejected) as raised:
            await session.read()
        assert raised.value.reason == "moved"

    asyncio.run(main())


def test_a_chain_without_an_end_is_given_up() -> None:
    memory = Memory(dict.fromkeys(range(65536), 0) | {40000: 0x5375, 40001: 0x6E53})
    with pytest.raises(FrameRejected) as raised:
        asyncio.run(SunSpecReader(memory).scan())
    assert raised.value.reason == "endless"
    assert len(memory.asked) < 600


def test_a_sign_of_life_is_the_marker_and_nothing_else() -> None:
    async def main() -> None:
        memory = _memory(COMMON)
        session = SunSpecSession(SunSpecReader(memory))
        await session.identify()
        memory.asked.clear()
        await session.keep_alive()
        assert memory.asked == [(40000, 2)]
        memory.registers[40000] = 0
        with pytest.raises(FrameRejected):
            await session.keep_alive()

    asyncio.run(main())


def _session(memory: Memory) -> SunSpecSession:
    return SunSpecSession(SunSpecReader(memory))


def test_a_scale_factor_that_changes_between_two_readings_changes_no_value() -> None:
    async def main() -> None:
        memory = _memory(COMMON, (103, {"W": 2836, "W_SF": 0, "WH": 123_456, "WH_SF": 0}))
        session = _session(memory)
        await session.identify()
        first = await session.read()
        memory.registers = _memory(COMMON, (103, {"W": 28361, "W_SF": -1, "WH": 12_345, "WH_SF": 1})).registers
        second = await session.read()
        assert (first["power_w"], second["power_w"]) == (2836, 2836)
        assert (first["produced_wh"], second["produced_wh"]) == (123_456, 123_450)
        assert (first["produced_wraps_wh"], second["produced_wraps_wh"]) == (2**32, 2**32 * 10)

    asyncio.run(main())


class Restless(Memory):
    """Its scale factor changes behind the first part of a model, `times` times."""

    def __init__(self, registers: dict[int, int], at: int, times: int) -> None:
        super().__init__(registers)
        self.at, self.times = at, times

    async def read(self, address: int, count: int) -> Registers | None:
        found = await super().read(address, count)
        if count == READ_LIMIT and self.times:
            self.times -= 1
            self.registers[self.at] ^= 1
        return found


def test_a_scale_factor_that_changes_within_a_long_model_is_noticed_and_the_model_read_again() -> None:
    strings = [{"DCW": 10}] * 6

    def reading(times: int) -> Restless:
        plain = _memory(COMMON, (160, {"DCA_SF": 0, "DCV_SF": 0, "DCW_SF": 0, "DCWH_SF": 0, "N": 6, "module": strings}))
        return Restless(plain.registers, at=40000 + 2 + 68 + 2 + 2, times=times)  # DCW_SF

    once = reading(1)
    assert _reading(once)["strings_power_w"] == 600  # the second factor is 1, and all values were read with it
    with pytest.raises(FrameRejected) as raised:
        _reading(reading(99))
    assert raised.value.reason == "torn"


def test_another_device_of_the_same_make_in_its_place_is_noticed_by_its_serial_number() -> None:
    async def main() -> None:
        memory = _memory(COMMON, (203, {"W": 640, "W_SF": 0}))
        session = _session(memory)
        assert (await session.identify())["serial"] == "SN7"
        assert (await session.read())["meter_id"] == "SN7"
        other: tuple[int, Points] = (1, {"Mn": "Maker", "Md": "Model", "SN": "SN8"})
        memory.registers = _memory(other, (203, {"W": 640, "W_SF": 0})).registers
        with pytest.raises(FrameRejected, match="SN8 answers in place of SN7") as raised:
            await session.read()
        assert raised.value.remedy

    asyncio.run(main())


def test_a_serial_number_padded_with_blanks_is_told_without_them() -> None:
    padded: tuple[int, Points] = (1, {"Mn": "Maker ", "Md": "Model", "SN": "  SN7   "})
    assert _reading(_memory(padded, (203, {})))["meter_id"] == "SN7"


def test_a_device_without_sunspec_is_told_with_what_it_says_and_what_to_do() -> None:
    with pytest.raises(FrameRejected, match="the device says illegal_address") as raised:
        asyncio.run(SunSpecReader(Memory({})).scan())
    assert "switch SunSpec (Modbus) on" in raised.value.remedy
    with pytest.raises(FrameRejected) as raised:
        asyncio.run(SunSpecReader(Memory(dict.fromkeys(range(65536), 7))).scan())
    assert "says" not in str(raised.value)
