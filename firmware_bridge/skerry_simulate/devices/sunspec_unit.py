"""SunSpec devices as Modbus servers: register images built from the model definitions, answered over RTU or TCP."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.checksums import crc16_modbus
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.frames import READ_LIMIT, Frame, Role, decode_rtu, decode_tcp
from skerry_firmware_bridge.sunspec.blocks import END_MODEL, MARKER
from skerry_firmware_bridge.sunspec.definitions import Group, Point, definition
from skerry_simulate.devices.firmware import Firmware

__all__ = ["ModbusFirmware", "SunSpecUnit", "battery", "inverter", "meter", "model_registers"]

BASE = 40000
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
READ_HOLDING_REGISTERS = 3
HOUR_NS = 3600 * NS_PER_S
Values = Mapping[str, Any]


class SunSpecUnit:
    """A device's register image, rebuilt at each reading so that its counters run."""

    def __init__(self, models: Callable[[], list[tuple[int, Values]]], *, base: int = BASE) -> None:
        self._models = models
        self._base = base

    def image(self) -> bytes:
        """Return all registers from the marker to the end model."""
        parts = [MARKER]
        for model_id, values in self._models():
            registers = model_registers(model_id, values)
            parts.append(struct.pack(">HH", model_id, len(registers) // 2) + registers)
        return b"".join(parts) + struct.pack(">HH", END_MODEL, 0)

    def read(self, address: int, count: int) -> bytes | None:
        """Return registers, None outside the image."""
        image, start = self.image(), 2 * (address - self._base)
        part = image[start : start + 2 * count] if start >= 0 else b""
        return part if count and len(part) == 2 * count else None


class ModbusFirmware(Firmware):
    """Answers read requests for one unit, or several on one bus by their numbers.

    A wrong unit or a broken RTU frame gets no answer, as on a real bus.
    """

    def __init__(self, units: SunSpecUnit | Mapping[int, SunSpecUnit], *, tcp: bool, number: int = 1) -> None:
        self.units = {number: units} if isinstance(units, SunSpecUnit) else dict(units)
        self._tcp = tcp
        self._received = b""

    def receive(self, data: bytes) -> bytes:
        self._received += data
        answers = b""
        while self._received:
            try:
                decode = decode_tcp if self._tcp else decode_rtu
                frame = decode(self._received, Role.REQUEST)
            except FrameRejected as error:
                if error.reason != "incomplete" or len(self._received) > 300:
                    self._received = b""
                break
            self._received = self._received[len(self._received) - frame.rest_bytes :]
            if (unit := self.units.get(frame.device)) is not None:
                answers += self._wrap(frame, self._answer(frame, unit))
        return answers

    def reset(self) -> bytes:
        self._received = b""
        return b""

    @staticmethod
    def _answer(frame: Frame, unit: SunSpecUnit) -> bytes:
        if frame.function != READ_HOLDING_REGISTERS:
            return bytes([frame.function | 0x80, ILLEGAL_FUNCTION])
        count = frame.count or 0
        registers = unit.read(frame.address or 0, count) if count <= READ_LIMIT else None
        if registers is None:
            return bytes([frame.function | 0x80, ILLEGAL_ADDRESS])
        return bytes([frame.function, len(registers)]) + registers

    def _wrap(self, frame: Frame, pdu: bytes) -> bytes:
        body = bytes([frame.device]) + pdu
        if self._tcp:
            return struct.pack(">HHH", frame.transaction or 0, 0, len(body)) + body
        return body + crc16_modbus(body).to_bytes(2, "little")


def inverter(clock: Clock) -> SunSpecUnit:
    """Return a three-phase inverter (model 103) with two strings (160)."""
    started_ns = clock.monotonic_ns()

    def models() -> list[tuple[int, Values]]:
        produced_wh = 123_456 + 2836 * (clock.monotonic_ns() - started_ns) // HOUR_NS
        inverter = {"A": 1234, "A_SF": -2, "PhVphA": 2301, "V_SF": -1, "W": 2836, "W_SF": 0, "Hz": 5001, "Hz_SF": -2}
        inverter |= {"WH": produced_wh, "WH_SF": 0, "TmpCab": 355, "Tmp_SF": -1, "St": 4}
        strings = [{"ID": 1, "IDStr": "East", "DCW": 1418}, {"ID": 2, "IDStr": "West", "DCW": 1418}]
        mppt = {"DCW_SF": 0, "N": 2, "module": strings}
        return [(1, _common("SIM-INV", "SN0001")), (103, inverter), (160, mppt)]

    return SunSpecUnit(models)


def meter(clock: Clock) -> SunSpecUnit:
    """Return a three-phase meter (model 203)."""
    started_ns = clock.monotonic_ns()

    def models() -> list[tuple[int, Values]]:
        imported_wh = 987_654 + 640 * (clock.monotonic_ns() - started_ns) // HOUR_NS
        values = {"W": 640, "W_SF": 0, "Hz": 5000, "Hz_SF": -2, "V_SF": -1, "A_SF": -2, "PhVphA": 2303}
        values |= {"TotWhExp": 1200, "TotWhImp": imported_wh, "TotWh_SF": 0, "Evt": 0}
        return [(1, _common("SIM-MET", "SN0002")), (203, values)]

    return SunSpecUnit(models)


def battery(clock: Clock) -> SunSpecUnit:
    """Return a storage unit in the newer models (701, 702, 713)."""
    del clock

    def models() -> list[tuple[int, Values]]:
        ac = {
            "InvSt": 3,
            "W": -900,
            "W_SF": 0,
            "Hz": 50020,
            "Hz_SF": -3,
            "TotWhInj": 7000,
            "TotWhAbs": 9000,
            "TotWh_SF": 0,
        }
        capacity = {"WMaxRtg": 5000, "WMax": 4600, "W_SF": 0}
        storage = {"WHRtg": 1000, "WHAvail": 640, "SoC": 640, "SoH": 990, "WH_SF": 1, "Pct_SF": -1}
        return [(1, _common("SIM-BAT", "SN0003")), (701, ac), (702, capacity), (713, storage)]

    return SunSpecUnit(models)


def _common(model: str, serial: str) -> Values:
    return {"Mn": "Skerry", "Md": model, "Vr": "1.0", "SN": serial, "DA": 1}


def model_registers(model_id: int, values: Values) -> bytes:
    """Return a model's registers; points without a value are "not implemented". Raises `KeyError`: unknown model."""
    layout = definition(model_id)
    if layout is None:
        raise KeyError(model_id)
    return _group_registers(layout, values)


def _group_registers(layout: Group, values: Values) -> bytes:
    parts = [_point_registers(point, values.get(point.name)) for point in layout.points]
    for inner in layout.groups:
        members = values.get(inner.name, [{}] if inner.count is None else [])
        parts += [_group_registers(inner, member) for member in members]
    return b"".join(parts)


def _point_registers(point: Point, value: int | float | str | None) -> bytes:
    size = 2 * point.size
    if isinstance(value, str):
        return value.encode().ljust(size, b"\0")
    if isinstance(value, float):
        return struct.pack(">f" if size == 4 else ">d", value)
    if value is not None:
        return value.to_bytes(size, "big", signed=point.type.startswith(("int", "sunssf")))
    if point.type.startswith(("int", "sunssf", "pad")):
        return b"\x80".ljust(size, b"\0")
    if point.type.startswith("float"):
        return struct.pack(">f" if size == 4 else ">d", float("nan"))
    return bytes(size) if point.type.startswith(("acc", "string", "ip")) else b"\xff" * size
