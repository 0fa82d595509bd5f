"""Which uplinks a further network wants: by device address, NetID, JoinEUI. Pure; used by every kind of network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.netid import NetId, parse_field
from skerry_wire.errors import FrameMalformed
from skerry_wire.lorawan import DataFrame, JoinRequest, parse_frame

__all__ = ["EVERYTHING", "FILTERS", "FilterRejected", "FrameFilter"]

FILTERS = ("devaddr", "netid", "joineui")  # names of options in settings
DEVADDR_BITS, JOINEUI_BITS = 32, 64
Prefix = tuple[int, int]  # value, number of leading bits that count


class FilterRejected(ValueError):
    """An option cannot be read; the text says which part and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFilter:
    """Empty: everything is wanted. A filter of one kind of address wants no frames of the other kind."""

    devaddr: tuple[Prefix, ...] = ()
    netid: tuple[NetId, ...] = ()
    joineui: tuple[Prefix, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Read `devaddr=26000000/7;78000100`, `netid=00003C`, `joineui=...`. Raises `FilterRejected`."""
        return cls(
            devaddr=_prefixes(options.get("devaddr", ""), DEVADDR_BITS),
            netid=tuple(_netid(part) for part in _parts(options.get("netid", ""))),
            joineui=_prefixes(options.get("joineui", ""), JOINEUI_BITS),
        )

    def wants(self, phy: bytes) -> bool:
        """Say whether an uplink passes."""
        if not (self.devaddr or self.netid or self.joineui):
            return True
        try:
            frame = parse_frame(phy)
        except FrameMalformed:
            return False
        match frame:
            case DataFrame(dev_addr=address):
                of_network = any(one.first_dev_addr <= address <= one.last_dev_addr for one in self.netid)
                return of_network or _matches(address, self.devaddr, DEVADDR_BITS)
            case JoinRequest():
                return _matches(frame.join_eui, self.joineui, JOINEUI_BITS)
            case _:
                return False


EVERYTHING = FrameFilter()


def _parts(value: str) -> list[str]:
    return value.split(";") if value else []


def _prefixes(value: str, bits: int) -> tuple[Prefix, ...]:
    found = []
    for part in _parts(value):
        address, _, length = part.partition("/")
        try:
            number, kept = int(address, 16), int(length or bits)
        except ValueError:
            raise FilterRejected(f"{part} is no address prefix") from None
        if len(address) * 4 != bits or not 0 <= kept <= bits:
            raise FilterRejected(f"{part} is no prefix of {bits} bits in hex")
        found.append((number, kept))
    return tuple(found)


def _netid(part: str) -> NetId:
    try:
        return NetId(parse_field("net_id", part))
    except LorawanRefused:
        raise FilterRejected(f"{part} is no NetID of six hex digits") from None


def _matches(address: int, prefixes: Sequence[Prefix], bits: int) -> bool:
    return any(address >> (bits - kept) == value >> (bits - kept) for value, kept in prefixes)
