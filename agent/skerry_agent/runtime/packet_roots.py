"""Writes the carried data packets of every ten minutes into the evidence log as one Merkle root (DESIGN, Evidence).

A hotspot adds each uplink that it takes; the raw packets are telemetry and go by age. The leaves of a window that is
not over are in memory only. A mark in skerry.db says since when, so that a run that ends without a stop loses none: the
next one finds them among the stored packets.
"""

import logging

import sqlite_utils

from skerry_agent.evidence import EvidenceLog
from skerry_agent.store import Stores
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.packets import PacketRoot, PacketWindow
from skerry_wire.frames import ReceivedFrame

__all__ = ["PacketRoots"]

CHECK_S = 60.0  # how late after its end a window is written at most
COUNT_TOGETHER = 64  # packets: one at a time would cost three times as much (`packet_path`), all at once too long
_log = logging.getLogger(__name__)


class PacketRoots:
    """The windows of one hotspot. Add packets only while the clock is known: a root names its ten minutes."""

    def __init__(self, *, hotspot: str, evidence: EvidenceLog, stores: Stores, clock: Clock) -> None:
        self._hotspot = hotspot
        self._evidence = evidence
        self._stores = stores
        self._clock = clock
        self._window = PacketWindow()
        self._uncounted: list[ReceivedFrame] = []
        self._unwritten: list[PacketRoot] = []
        self._mark = f"packets_without_root_since_ns:{hotspot}"
        self._latest = f"latest_packet_root:{hotspot}"
        self._is_marked = False

    async def recover(self) -> None:
        """Count the packets whose root the last run did not come to write. Raises `StoreUnavailable`."""
        since_ns = await self._stores.facts.get(self._mark)
        if since_ns is None:
            return
        self._is_marked = True
        rows = await self._stores.packets.carried(self._hotspot, since_ns=int(since_ns))
        for row in rows:
            self._window.add(received_ns=row.at_ns, frequency_hz=row.frequency_hz, datarate=row.datarate, phy=row.phy)
        _log.info("evidence: %d packets of the last run get their root in this one", len(rows))

    async def add(self, frame: ReceivedFrame) -> None:
        """Count one carried packet."""
        self._uncounted.append(frame)
        if len(self._uncounted) >= COUNT_TOGETHER:
            self._count()
        if self._is_marked:
            return
        self._is_marked = True  # also when it fails: a disk that takes nothing is asked again in the next window
        try:
            await self._stores.facts.set(self._mark, str(frame.received_wall_ns))
        except SkerryError as error:
            _log.error("evidence: a crash now would leave the packets of ten minutes without a root (%s)", error)

    async def run(self) -> None:
        """Write windows that are over, until cancelled."""
        while True:
            await self._clock.sleep(CHECK_S)
            await self.write(now_ns=self._clock.wall_ns())

    async def write(self, *, now_ns: int | None) -> None:
        """Write the roots of windows over at `now_ns`, of all when it is None (shutdown); what fails is kept."""
        self._count()
        self._unwritten += self._window.ended(now_ns)
        roots, open_since_ns = tuple(self._unwritten), self._window.start_ns
        if not roots:
            return
        bodies = [root.to_bytes() for root in roots]
        appends = [self._evidence.job(EntryKind.PACKETS, body, link="self", source="packet path") for body in bodies]

        def record(db: sqlite_utils.Database) -> None:
            for append in appends[_written(db, self._latest, bodies) :]:
                append(db)
            db.conn.execute("DELETE FROM facts WHERE name IN (?, ?)", [self._mark, self._latest])
            db.table("facts").insert({"name": self._latest, "value": bodies[-1].hex()})
            if open_since_ns is not None:
                db.table("facts").insert({"name": self._mark, "value": str(open_since_ns)})

        self._is_marked = open_since_ns is not None  # before the wait: a packet that comes meanwhile marks anew
        try:
            await self._evidence.db.write(record)
        except SkerryError as error:
            _log.error("evidence: the packets of ten minutes are not recorded yet (%s)", error)
            return
        del self._unwritten[: len(roots)]

    def _count(self) -> None:
        frames, self._uncounted = self._uncounted, []
        for frame in frames:
            self._window.add(
                received_ns=frame.received_wall_ns,
                frequency_hz=frame.frequency_hz,
                datarate=frame.datarate,
                phy=frame.phy,
            )


def _written(db: sqlite_utils.Database, latest: str, bodies: list[bytes]) -> int:
    """Return how many of the roots an earlier job has written that nobody waited for: a stop came meanwhile."""
    row = db.conn.execute("SELECT value FROM facts WHERE name = ?", [latest]).fetchone()
    return next((count for count, body in enumerate(bodies, start=1) if row and body.hex() == row[0]), 0)
