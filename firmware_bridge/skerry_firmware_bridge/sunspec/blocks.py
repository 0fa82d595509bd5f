"""A SunSpec register block to models with scaled values (serial-devices 2.5). The reader and the conformance use it.

Follow L, never the definition: registers that a short model lacks read as zero, surplus is skipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from skerry_firmware_bridge.decimals import scaled
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.sunspec.definitions import Group, Point, definition
from skerry_firmware_bridge.sunspec.points import PointValue, is_number, point_value

__all__ = ["END_MODEL", "MARKER", "Model", "decode_block", "decode_model"]

MARKER = b"SunS"
END_MODEL = 0xFFFF
SCALE_LIMIT = 10  # the standard's range of scale factors is -10..10; anything else is not a scale factor
MISSING_LIMIT = 1024  # registers read as zero behind a model's end; a count point that claims more is not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a device. `points` is None when no definition of the model exists.

    Values: `Decimal` for measured numbers, float for float points, int for enums, bit fields and counts, text,
    a list of objects for a repeating group, an object for a single group. What is not implemented is left out.
    """

    id: int
    length: int
    points: Mapping[str, Any] | None
    wraps: Mapping[str, Decimal] = field(default_factory=dict)  # where the counters start again at zero, scaled


def decode_block(raw: bytes) -> list[Model]:
    """Decode marker, models and end model. Raises `FrameRejected`: no_marker, truncated."""
    if raw[:4] != MARKER:
        raise FrameRejected("no_marker", frame=raw[:4])
    return list(_models(raw))


def decode_model(model_id: int, block: bytes) -> Model:
    """Decode the L registers of one model."""
    layout = definition(model_id)
    if layout is None:
        return Model(id=model_id, length=len(block) // 2, points=None)
    reader = _Reader(block)
    points = reader.group(layout, _Scope())
    return Model(id=model_id, length=len(block) // 2, points=points, wraps=reader.wraps)


def _models(raw: bytes) -> Iterator[Model]:
    at = len(MARKER)
    while True:
        if len(raw) < at + 2:
            raise FrameRejected("truncated", detail="no end model")
        model_id = int.from_bytes(raw[at : at + 2], "big")
        if model_id == END_MODEL:
            return
        length = int.from_bytes(raw[at + 2 : at + 4], "big")
        block = raw[at + 4 : at + 4 + 2 * length]
        if len(raw) < at + 4 or len(block) < 2 * length:
            raise FrameRejected("truncated", detail=f"model {model_id} of {length} registers")
        yield decode_model(model_id, block)
        at += 4 + 2 * length


@dataclass(frozen=True, slots=True)
class _Scope:
    """Scale factors and counts that a group and the groups around it hold."""

    values: dict[str, PointValue] = field(default_factory=dict)
    outer: "_Scope | None" = None

    def find(self, name: str) -> PointValue:
        if name in self.values:
            return self.values[name]
        return self.outer.find(name) if self.outer is not None else None


class _Reader:
    """Walks one model's registers from front to back."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._at = 0  # byte offset
        self.wraps: dict[str, Decimal] = {}

    def group(self, layout: Group, outer: _Scope) -> dict[str, Any]:
        raw = {point.name: point_value(point.type, self._take(point)) for point in layout.points}
        scope = _Scope(raw, outer)
        result: dict[str, Any] = {}
        for point in layout.points:
            value = _scaled_value(point, raw[point.name], scope)
            if value is not None:
                result[point.name] = value
            if outer.outer is None and point.type.startswith("acc"):
                self._note_wrap(point, scope)
        for inner in layout.groups:
            result[inner.name] = (
                self.group(inner, scope) if inner.count is None else list(self._repeated(inner, inner.count, scope))
            )
        return result

    def _note_wrap(self, point: Point, scope: _Scope) -> None:
        """Keep the scaled size of a counter of the model itself."""
        wrap = _scaled_value(point, 1 << (16 * point.size), scope)
        if isinstance(wrap, Decimal):
            self.wraps.setdefault(point.name, wrap)

    def _repeated(self, layout: Group, count: int | str, scope: _Scope) -> Iterator[dict[str, Any]]:
        wanted = scope.find(count) if isinstance(count, str) else count
        if count == 0:
            size = 2 * layout.fixed_size
            wanted = (len(self._block) - self._at) // size if size else 0
        for _ in range(wanted if isinstance(wanted, int) else 0):
            if self._at > len(self._block) + 2 * MISSING_LIMIT:
                return
            yield self.group(layout, scope)

    def _take(self, point: Point) -> bytes:
        size = 2 * point.size
        raw = self._block[self._at : self._at + size]
        self._at += size
        return raw + bytes(size - len(raw))


def _scaled_value(point: Point, value: PointValue, scope: _Scope) -> Decimal | float | int | str | None:
    if point.type in ("pad", "sunssf") or value is None:
        return None
    if not is_number(point.type) or not isinstance(value, int):
        return value
    factor = scope.find(point.scale) if isinstance(point.scale, str) else point.scale or 0
    if not isinstance(factor, int) or abs(factor) > SCALE_LIMIT:
        return None
    return scaled(value, factor)
