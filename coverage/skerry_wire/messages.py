"""Finds message classes by their protocol name and parses bytes into them; oracle, agent and conformance use it.

Messages are imported on first use: a program that joins no network never loads them.
"""

from functools import cache
from importlib import import_module
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from skerry_wire.errors import MessageRejected

__all__ = ["MAX_MESSAGE_BYTES", "message_class", "message_classes", "parse"]

MAX_MESSAGE_BYTES = 1 << 20  # the largest real message is a region blob of some 100 kB
_MODULES = (
    "blockchain_txn downlink entropy iot_config local multi_buy packet_router packet_verifier poc_entropy poc_lora "
    "region reward_manifest sub_dao"
).split()

M = TypeVar("M", bound=Message)


@cache
def message_classes() -> dict[str, type[Message]]:
    """Return every top-level message by its name without the package; the names are unique in the protocol."""
    from google.protobuf.message_factory import GetMessageClass

    classes: dict[str, type[Message]] = {}
    for module in _MODULES:
        descriptor = import_module(f"skerry_wire.generated.{module}_pb2").DESCRIPTOR
        for name, message in descriptor.message_types_by_name.items():
            if name in classes:
                raise AssertionError(f"two messages are called {name}")
            classes[name] = GetMessageClass(message)
    return classes


def message_class(name: str) -> type[Message]:
    """Return a message class. Raises `MessageRejected` unknown_message."""
    try:
        return message_classes()[name]
    except KeyError:
        raise MessageRejected("unknown_message", f"the protocol has no message {name!r}") from None


def parse(kind: type[M], raw: bytes, *, limit_bytes: int = MAX_MESSAGE_BYTES) -> M:
    """Decode one message; unknown fields are kept. Raises `MessageRejected` not_protobuf or too_large."""
    if len(raw) > limit_bytes:
        raise MessageRejected("too_large", f"{len(raw)} bytes, at most {limit_bytes} are accepted")
    try:
        return kind.FromString(raw)
    except DecodeError as error:
        raise MessageRejected("not_protobuf", f"{kind.DESCRIPTOR.name}: {error}") from None
