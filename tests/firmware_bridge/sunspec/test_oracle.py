"""pysunspec2, a program of others, gives the same values for random registers of every model that we name."""

import math
import struct
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from skerry_firmware_bridge.sunspec.blocks import decode_model
from skerry_firmware_bridge.sunspec.definitions import Group, Point, definition

MODELS = (1, 101, 102, 103, 111, 112, 113, 160, 201, 202, 203, 204, 211, 212, 213, 214, 701, 702, 713, 714, 802)
NESTED_MODELS = (704, 705, 707, 711, 712, 803)


def _registers(layout: Group, counts: Mapping[str, int], random: Random) -> bytes:
    counted = {group.count for group in layout.groups if isinstance(group.count, str)}
    counts, parts = dict(counts), []
    for point in layout.points:
        if point.name in counted or (
            point.name.startswith("N") and point.size == 1 and point.type in ("uint16", "count")
        ):
            counts[point.name] = random.randint(1, 2)  # their program takes a count of 0 for "as many as fit"
            parts.append(struct.pack(">H", counts[point.name]))
        else:
            parts.append(_point(point, random))
    for group in layout.groups:
        times = counts.get(group.count, 0) if isinstance(group.count, str) else 1 if group.count is None else 2
        parts += [_registers(group, counts, random) for _ in range(times)]
    return b"".join(parts)


def _point(point: Point, random: Random) -> bytes:
    size = 2 * point.size
    if point.type == "sunssf":
        return struct.pack(">h", random.randint(-3, 3))
    if point.type == "string":
        return b"text".ljust(size, b"\0")
    if point.type == "float32":
        return struct.pack(">f", random.uniform(-1000, 1000))
    return random.choice([random.randbytes(size), random.randbytes(size), b"\xff" * size, b"\x80".ljust(size, b"\0")])


def _assert_same(ours: Mapping[str, Any], theirs: Mapping[str, Any], layout: Group) -> None:
    for point in layout.points:
        if point.type not in ("pad", "sunssf"):
            mine, other = ours.get(point.name), theirs.get(point.name)
            same = mine == other
            if isinstance(mine, Decimal | float) and isinstance(other, int | float):
                same = math.isclose(float(mine), other, rel_tol=1e-6, abs_tol=1e-9)
            assert same, f"{point.name}: ours {mine}, theirs {other}"
    for group in layout.groups:
        mine, other = ours[group.name], theirs.get(group.name, [])
        pairs = zip(mine, other, strict=True) if isinstance(mine, list) else [(mine, other)]
        for inner, expected in pairs:
            _assert_same(inner, expected, group)


@pytest.mark.parametrize("model_id", [*MODELS, *NESTED_MODELS])
def test_pysunspec2_reads_the_same_values(model_id: int) -> None:
    device = pytest.importorskip("sunspec2.device")
    layout = definition(model_id)
    assert layout is not None
    for seed in range(10):
        block = _registers(layout, {}, Random(seed))
        whole = struct.pack(">HH", model_id, len(block) // 2) + block
        theirs = device.Model(model_id, model_len=len(block) // 2, data=whole).get_dict(computed=True)
        ours = decode_model(model_id, block).points
        assert ours is not None
        _assert_same(ours, theirs, layout)
