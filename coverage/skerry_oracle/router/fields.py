"""Checks of the members of a route's JSON; each raises `ValueError` or `TypeError` that says what was expected."""

__all__ = ["boolean", "hex_number", "port_number", "session_key", "text", "whole"]

_KEY_BYTES = 16
_MAX_CHARACTERS = 253  # the longest host name


def text(value: object, *, limit: int = _MAX_CHARACTERS) -> str:
    """Return a text of one to `limit` characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise ValueError(f"expected a short text, got {value!r}")
    return value


def boolean(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def whole(value: object) -> int:
    """Return a whole number that JSON can hold exactly."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError(f"expected a whole number, got {value!r}")
    return value


def port_number(value: object) -> int:
    """Return a port."""
    if not 1 <= whole(value) <= 65_535:
        raise ValueError(f"{value!r} is not a port")
    return whole(value)


def hex_number(value: object, digits: int) -> int:
    """Return the number of a text of exactly so many hexadecimal digits."""
    word = text(value)
    if len(word) != digits:
        raise ValueError(f"expected {digits} hexadecimal digits, got {word!r}")
    return int.from_bytes(bytes.fromhex(word), "big")


def session_key(value: object) -> bytes:
    """Return the 16 bytes of a hexadecimal key; the key is in no error."""
    try:
        key = bytes.fromhex(text(value))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError("a session key has 32 hexadecimal digits")
    return key
