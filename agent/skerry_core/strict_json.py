"""JSON from outside, with the traps closed: size, NaN, huge numbers, duplicate names, deep nesting, bad UTF-8.

Also the one canonical form that is hashed: sorted names, no blanks, integers and text only.
"""

import json
from math import isfinite
from typing import Any, NoReturn

from skerry_core.errors import SkerryError

__all__ = ["JsonRejected", "canonical", "loads"]

DEFAULT_LIMIT_BYTES = 1 << 20  # far above any datagram or request body; larger inputs name their own limit


class JsonRejected(SkerryError):
    """The bytes are not acceptable JSON; `reason` is one of too_large, not_utf8, not_json, too_deep, bad_number, duplicate_name."""  # noqa: E501

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def loads(raw: bytes, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Any:
    """Parse strict JSON. Raises `JsonRejected` and nothing else."""
    if len(raw) > limit_bytes:
        raise JsonRejected("too_large", f"{len(raw)} bytes, at most {limit_bytes} are accepted")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRejected("not_utf8", str(error)) from None
    try:
        return _decode(text)
    except RecursionError:
        raise JsonRejected("too_deep", "nested too deeply") from None
    except ValueError as error:  # also the limit on digits of an integer
        raise JsonRejected("not_json", str(error)) from None


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a value made of objects, lists, text, integers, booleans and null.

    Raises `TypeError` for a float: hashed outputs hold integers and decimal text only (DESIGN, Network profiles).
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float cannot be hashed reproducibly: {value!r}")
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str):
                raise TypeError(f"member names are text, got {name!r}")
            _refuse_floats(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _refuse_floats(member)


def _no_constant(text: str) -> NoReturn:
    raise JsonRejected("bad_number", text)


def _finite(text: str) -> float:
    number = float(text)
    if isfinite(number):
        return number
    raise JsonRejected("bad_number", text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonRejected("duplicate_name", "a name occurs twice in one object")
    return result


def _decode(text: str) -> Any:
    try:
        value, end = _DECODER.scan_once(text, 0)  # type: ignore[attr-defined]  # the stubs forget it
    except StopIteration:
        return _DECODER.decode(text)
    return value if end == len(text) else _DECODER.decode(text)  # blanks around the value, or more than one


# Made once: building a decoder costs as much as reading a datagram with it.
_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
