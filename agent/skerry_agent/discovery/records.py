"""Multicast DNS messages of one service (RFC 6762, RFC 6763). Pure; hostile queries give no answer and nothing else.

The records never hold a key or a position: a random id, the version and the port are all.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Service", "announcement", "answer"]

SERVICE = "_skerry._tcp.local"
CATALOGUE = "_services._dns-sd._udp.local"
TTL_S = 120  # RFC 6762 10: records that depend on an address
A, PTR, TXT, SRV, ANY = 1, 12, 16, 33, 255
INTERNET, FLUSH = 1, 0x8000
RESPONSE = 0x8400  # authoritative answer
MAX_QUESTIONS = 32
MAX_NAME = 255
MAX_JUMPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is announced; `addresses` are this machine's IPv4 addresses."""

    id: str  # short, random, kept: tells two agents apart
    port: int
    version: str
    tls: bool
    addresses: tuple[str, ...]

    @property
    def instance(self) -> str:
        """The full name of this instance."""
        return f"skerry-{self.id}.{SERVICE}"

    @property
    def host(self) -> str:
        """The name of this machine."""
        return f"skerry-{self.id}.local"


def answer(query: bytes, service: Service) -> bytes | None:
    """Return the response to a query, None when nothing in it is about us."""
    try:
        questions = list(_questions(query))
    except (IndexError, struct.error, UnicodeDecodeError, ValueError):
        return None
    wanted = {
        record
        for name, kind in questions
        for record, (owner, own_kind) in _OWNERS.items()
        if kind in (own_kind, ANY) and name.lower() == owner(service).lower()
    }
    if not wanted:
        return None
    if "service" in wanted:
        wanted |= {"srv", "txt", "address"}  # whoever looks for the service asks for these next
    elif "srv" in wanted:
        wanted.add("address")
    return _message(service, wanted, ttl_s=TTL_S)


def announcement(service: Service, *, leaving: bool = False) -> bytes:
    """Return the message sent at the start, and at the end with `leaving` (a lifetime of zero)."""
    return _message(service, {"service", "srv", "txt", "address"}, ttl_s=0 if leaving else TTL_S)


_OWNERS: Mapping[str, tuple[Callable[[Service], str], int]] = {
    "catalogue": (lambda _service: CATALOGUE, PTR),
    "service": (lambda _service: SERVICE, PTR),
    "srv": (lambda service: service.instance, SRV),
    "txt": (lambda service: service.instance, TXT),
    "address": (lambda service: service.host, A),
}


def _message(service: Service, wanted: set[str], *, ttl_s: int) -> bytes:
    records = [record for name in _OWNERS if name in wanted for record in _records(service, name, ttl_s)]
    return struct.pack("!6H", 0, RESPONSE, 0, len(records), 0, 0) + b"".join(records)


def _records(service: Service, name: str, ttl_s: int) -> list[bytes]:
    match name:
        case "catalogue":
            return [_record(CATALOGUE, PTR, INTERNET, ttl_s, _name(SERVICE))]
        case "service":
            return [_record(SERVICE, PTR, INTERNET, ttl_s, _name(service.instance))]
        case "srv":
            target = struct.pack("!3H", 0, 0, service.port) + _name(service.host)
            return [_record(service.instance, SRV, INTERNET | FLUSH, ttl_s, target)]
        case "txt":
            texts = (f"id={service.id}", f"version={service.version}", "api=v1", f"tls={int(service.tls)}")
            body = b"".join(bytes([len(text)]) + text.encode() for text in texts)
            return [_record(service.instance, TXT, INTERNET | FLUSH, ttl_s, body)]
        case _:
            return [
                _record(service.host, A, INTERNET | FLUSH, ttl_s, bytes(map(int, address.split("."))))
                for address in service.addresses
            ]


def _record(owner: str, kind: int, class_: int, ttl_s: int, body: bytes) -> bytes:
    return _name(owner) + struct.pack("!2HIH", kind, class_, ttl_s, len(body)) + body


def _name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _questions(query: bytes) -> Iterator[tuple[str, int]]:
    _, flags, count, _, _, _ = struct.unpack_from("!6H", query)
    if flags & 0x8000 or count > MAX_QUESTIONS:  # a response, or nonsense
        return
    place = 12
    for _ in range(count):
        name, place = _read_name(query, place)
        kind, _class = struct.unpack_from("!2H", query, place)
        place += 4
        yield name, kind


def _read_name(message: bytes, place: int) -> tuple[str, int]:
    """Return a name and the place behind it. Raises `ValueError`, `IndexError` for anything malformed."""
    labels: list[str] = []
    size, jumps, end = 0, 0, 0
    while length := message[place]:
        if length >= 0xC0:  # the rest of the name is elsewhere
            jumps += 1
            if jumps > MAX_JUMPS:
                raise ValueError("a loop of pointers")
            end = end or place + 2
            place = (length & 0x3F) << 8 | message[place + 1]
            continue
        size += length + 1
        if length > 63 or size > MAX_NAME or place + 1 + length > len(message):
            raise ValueError("a bad label")
        labels.append(message[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels), end or place + 1
