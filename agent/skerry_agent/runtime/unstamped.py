"""Beacons heard before the clock was synchronised: durable evidence at once, signed reports only when time is known.

DESIGN, Time: nothing is signed before the first synchronisation since boot; such frames are kept with boot id and
monotonic time. A frame of an earlier boot that never knew the time can't be dated: it stays evidence and no more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sqlite_utils

from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.runtime.packet_path import Heard
from skerry_agent.store import Database
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import decode_map
from skerry_coverage.iot.report import snr_ddb
from skerry_wire.frames import Crc, ReceivedFrame
from skerry_wire.lorawan import beacon_data

__all__ = ["Unstamped", "UnstampedFrame"]

MAX_FRAMES = 1000  # per boot: beacons are rare, so more is a flood; the surplus is counted and not kept
CHECK_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstampedFrame:
    """One kept frame and the evidence entry that holds it."""

    entry_id: bytes
    heard: Heard

    @staticmethod
    def body(heard: Heard) -> bytes:
        """Return the body of a `frame` entry."""
        frame = heard.frame
        fields = {
            "device": heard.device_id,
            "packet": heard.packet_id,
            "phy": frame.phy,
            "hz": frame.frequency_hz,
            "datarate": frame.datarate,
            "rssi_dbm": frame.rssi_dbm,
            "snr_ddb": snr_ddb(frame.snr_db),
            "tmst_us": frame.tmst_us,
            "mono_ns": frame.received_monotonic_ns,
            "source": frame.source,
        }
        return dcbor.encode(fields)

    @classmethod
    def from_body(cls, entry_id: bytes, untrusted: bytes) -> "UnstampedFrame":
        """Decode an entry body. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="frame")
        device_id, packet_id = fields.text("device"), fields.text("packet")
        frame = ReceivedFrame(
            phy=fields.data("phy"),
            frequency_hz=fields.count("hz"),
            datarate=fields.text("datarate"),
            rssi_dbm=fields.integer("rssi_dbm"),
            snr_db=fields.integer("snr_ddb") / 10,
            tmst_us=fields.count("tmst_us"),
            crc=Crc.OK,
            received_wall_ns=0,
            received_monotonic_ns=fields.count("mono_ns"),
            source=fields.text("source"),
        )
        fields.end()
        return cls(entry_id=entry_id, heard=Heard(device_id=device_id, frame=frame, known_as=packet_id))


Report = Callable[[UnstampedFrame, int], Awaitable[None]]


class Unstamped:
    """The frames of one hotspot that wait for the time; `report(frame, heard_at_ns)` signs and queues."""

    def __init__(self, *, evidence: EvidenceLog, db: Database, time: TimeKeeper, clock: Clock, report: Report) -> None:
        self._evidence = evidence
        self._db = db
        self._time = time
        self._clock = clock
        self._report = report
        self._waiting: list[UnstampedFrame] = []
        self._came = asyncio.Event()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many frames wait for the time."""
        return len(self._waiting)

    async def load(self) -> None:
        """Take up the frames of an earlier run since the same boot that were not reported."""
        boot_id = self._time.stamp().boot_id
        found = await self._evidence.find(EntryKind.FRAME, newest=MAX_FRAMES)
        undated = [one for one in found if one[1].stamp.boot_id == boot_id and one[1].stamp.wall_ns is None]
        reported = await self._db.read(_reported) if undated else frozenset()
        for entry_id, entry in undated:
            try:
                frame = UnstampedFrame.from_body(entry_id, entry.body)
            except EvidenceRejected as error:
                _log.warning("evidence: frame %s is not ours to report (%s)", entry_id.hex(), error)
                continue
            if beacon_data(frame.heard.frame.phy) not in reported:
                self._waiting.append(frame)

    async def keep(self, heard: Heard) -> None:
        """Keep a beacon durably until the time is known. Raises `StoreUnavailable`."""
        if len(self._waiting) >= MAX_FRAMES:
            self.dropped += 1
            return
        link, _, source = heard.frame.source.partition(" ")
        recorded = await self._evidence.append(
            EntryKind.FRAME, UnstampedFrame.body(heard), link=link, source=source or link
        )
        self._waiting.append(UnstampedFrame(entry_id=recorded.id, heard=heard))
        self._came.set()

    async def run(self) -> None:
        """Report what waits whenever the time is known, until cancelled; a clock that jumps is doubted again."""
        while True:
            self._came.clear()
            if not self._waiting:
                await self._came.wait()
            if not self._time.is_synchronised:
                await self._clock.sleep(CHECK_S)
                continue
            frame = self._waiting[0]
            age_ns = self._clock.monotonic_ns() - frame.heard.frame.received_monotonic_ns
            try:
                await self._report(frame, self._clock.wall_ns() - age_ns)
            except SkerryError as error:
                _log.error("packet %s waits to be reported: %s", frame.heard.packet_id, error)
                await self._clock.sleep(10 * CHECK_S)
                continue
            del self._waiting[0]


def _reported(db: sqlite_utils.Database) -> frozenset[bytes]:
    return frozenset(row[0] for row in db.conn.execute("SELECT data FROM witnesses"))
