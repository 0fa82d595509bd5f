"""Conformance kinds sunspec.*; collected by the package's hub."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_firmware_bridge.decimals import plain
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.sunspec.blocks import decode_block
from skerry_firmware_bridge.sunspec.points import point_value
from skerry_firmware_bridge.sunspec.scan import Found, Registers, scan

__all__ = ["KINDS"]


def _decode(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        models = decode_block(bytes.fromhex(case["registers_hex"]))
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    return {"models": [{"id": model.id, "length": model.length, "points": _json(model.points)} for model in models]}


def _json(value: Any) -> Any:
    match value:
        case Decimal():
            return plain(value)
        case Mapping():
            return {name: _json(member) for name, member in value.items()}
        case list():
            return [_json(member) for member in value]
    return value


def _type(case: Mapping[str, Any]) -> dict[str, Any]:
    value = point_value(case["type"], bytes.fromhex(case["bytes_hex"]))
    return {"value": plain(Decimal(value)) if isinstance(value, int) else value}


def _scan(case: Mapping[str, Any]) -> dict[str, Any]:
    memory: dict[int, int] = {}
    for first, text in case["registers"].items():
        raw = bytes.fromhex(text)
        for index in range(len(raw) // 2):
            memory[int(first) + index] = int.from_bytes(raw[2 * index : 2 * index + 2], "big")
    try:
        found = _drive(memory)
    except FrameRejected as error:
        raise CaseError(error.reason) from None
    models = [{"id": model.id, "address": model.address, "length": model.length} for model in found.models]
    return {"base": found.base, "models": models, "complete": found.complete}


def _drive(memory: Mapping[int, int]) -> Found:
    questions = scan()
    answer: Registers | None = None
    try:
        address, count = next(questions)
        while True:
            wanted = range(address, address + count)
            answer = [memory[at] for at in wanted] if all(at in memory for at in wanted) else None
            address, count = questions.send(answer)
    except StopIteration as end:
        found: Found = end.value
        return found


KINDS = {
    "sunspec.decode": Kind(run=_decode),
    "sunspec.scan": Kind(run=_scan),
    "sunspec.type": Kind(run=_type),
}
