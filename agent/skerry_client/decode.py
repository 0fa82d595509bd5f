"""Builds the typed models from JSON: unknown members are ignored (a newer agent), missing or wrong ones are refused."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from skerry_client.errors import BadAnswer

__all__ = ["from_json"]

T = TypeVar("T")


def from_json(kind: type[T], value: Any, *, place: str = "answer") -> T:
    """Return a model (or anything a model's field may be). Raises `BadAnswer` naming the place."""
    return cast(T, _read(kind, value, place))


def _read(hint: Any, value: Any, place: str) -> Any:
    if hint is Any:
        return value
    if is_dataclass(hint):
        return _read_object(hint, value, place)
    origin = get_origin(hint)
    if origin is not None:
        return _read_generic(origin, hint, value, place)
    if hint is datetime:
        return _read_time(value, place)
    if type(value) is hint or (hint is float and type(value) is int):
        return value
    raise BadAnswer(f"{place}: expected {getattr(hint, '__name__', hint)}, got {type(value).__name__}")


def _read_object(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise BadAnswer(f"{place}: expected an object, got {type(value).__name__}")
    arguments = {}
    for name, hint in _hints(kind):
        member = name.rstrip("_")
        if member not in value:
            raise BadAnswer(f"{place}.{member} is missing")
        arguments[name] = _read(hint, value[member], f"{place}.{member}")
    return kind(**arguments)


def _read_generic(origin: Any, hint: Any, value: Any, place: str) -> Any:
    arguments = get_args(hint)
    if origin is Literal:
        if value in arguments:
            return value
        raise BadAnswer(f"{place}: {value!r} is none of {', '.join(map(str, arguments))}")
    if origin is Annotated:  # the only one is Amount
        return _read_amount(value, place)
    if origin in (UnionType, Union):
        if value is None and NoneType in arguments:
            return None
        return _read(next(member for member in arguments if member is not NoneType), value, place)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], item, f"{place}[{index}]") for index, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {name: _read(arguments[1], member, f"{place}.{name}") for name, member in value.items()}
    raise BadAnswer(f"{place}: expected {origin.__name__}, got {type(value).__name__}")


def _read_amount(value: Any, place: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 40:
        return int(value)
    raise BadAnswer(f"{place}: expected an amount as decimal text")


def _read_time(value: Any, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadAnswer(f"{place}: expected a time, got {str(value)[:40]!r}") from None
    if moment.tzinfo is None:
        raise BadAnswer(f"{place}: a time without its zone")
    return moment


@cache
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((item.name, hints[item.name]) for item in fields(kind))
