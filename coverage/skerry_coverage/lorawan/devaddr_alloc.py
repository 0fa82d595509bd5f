"""Hands out device addresses of a network to organisations, lowest first, gaps first (iot-poc 5.4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.netid import NetId

__all__ = ["HELIUM_NET_IDS", "AddressPool", "Run"]

HELIUM_NET_IDS = (0x00003C, 0x60002D, 0xC00053)
Run = tuple[int, int]  # first and last address, inclusive


@dataclass(slots=True)
class AddressPool:
    """The used addresses of one NetID as sorted, merged runs."""

    net_id: NetId
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runs = _merged(self.runs)

    @property
    def used_count(self) -> int:
        """How many addresses are in use."""
        return sum(last - first + 1 for first, last in self.runs)

    def allocate(self, count: int) -> list[Run]:
        """Take the lowest free addresses; return them as runs.

        Raises `LorawanRefused` no_addresses, or uneven when a run would start odd or end even; nothing is taken then.
        """
        taken: list[Run] = []
        for first, last in self._gaps():
            missing = count - sum(end - start + 1 for start, end in taken)
            if missing <= 0:
                break
            taken.append((first, min(last, first + missing - 1)))
        if sum(last - first + 1 for first, last in taken) < count:
            raise LorawanRefused("no_addresses", f"{count} wanted of NetID {self.net_id.value:06X}")
        if any(first % 2 or not last % 2 for first, last in taken):
            raise LorawanRefused("uneven", "a run starts at an even and ends at an odd address")
        self.runs = _merged([*self.runs, *taken])
        return taken

    def release(self, first: int, last: int) -> None:
        """Give addresses back; those that are not in use are passed over."""
        kept: list[Run] = []
        for start, end in self.runs:
            if start < first:
                kept.append((start, min(end, first - 1)))
            if end > last:
                kept.append((max(start, last + 1), end))
        self.runs = _merged(kept)

    def _gaps(self) -> Iterable[Run]:
        position = self.net_id.first_dev_addr
        for first, last in self.runs:
            if first > position:
                yield position, min(first - 1, self.net_id.last_dev_addr)
            position = max(position, last + 1)
        if position <= self.net_id.last_dev_addr:
            yield position, self.net_id.last_dev_addr


def _merged(runs: Iterable[Run]) -> list[Run]:
    merged: list[Run] = []
    for first, last in sorted(runs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
