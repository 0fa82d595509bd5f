"""The way of every received frame through the agent, stage by stage, with the reason where it ends.

Frames come from the radios' event sink, synchronously and in order. Each is handed on at once: beacons of other
hotspots to `witness`, uplinks to `forward`. What nobody waits for - its row, the counters - is written down and stored
in groups: for one frame at a time the processor fetches the same code from memory again and again, which takes three
times as long. Telemetry may lose the last quarter of a second in a crash (DESIGN, "Acknowledged"). A disk that takes
nothing costs telemetry, never the agent.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from skerry_agent.background import run_together
from skerry_agent.metrics import Metrics
from skerry_agent.store import PacketRow, Packets
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.iot.report import snr_ddb
from skerry_coverage.iot.seen import SeenCache
from skerry_radio.errors import RadioRefused
from skerry_radio.lora import Datarate
from skerry_wire.frames import Crc, ReceivedFrame
from skerry_wire.lorawan import DataFrame, FrameClass, JoinRequest, beacon_data, classify, parse_frame

__all__ = ["Heard", "PacketPath", "Stage"]

FLUSH_S = 0.25  # at most this much of received frames may be lost in a crash
MAX_WAITING = 4096  # frames; a minute of a full gateway

_log = logging.getLogger(__name__)


class Stage(StrEnum):
    """The nine stages from antenna to reward.

    A frame's row says how far it came: an uplink up to `SENT`, a beacon of another hotspot with its report up to
    `JUDGED`. What was earned belongs to epochs, not to frames.
    """

    RECEIVED = "received"
    DECODED = "decoded"  # checksum, data rate and kind are good
    FILTERED = "filtered"  # past the filters: not our own beacon, not a copy, the region is known
    QUEUED = "queued"  # a signed report waits for the operator, or the uplink is handed to the networks
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    JUDGED = "judged"
    REWARDED = "rewarded"
    PAID = "paid"


@dataclass(slots=True, kw_only=True)
class Heard:
    """A frame with the device that heard it."""

    device_id: str
    frame: ReceivedFrame
    known_as: str | None = None  # its short id, once somebody has asked for it

    @property
    def packet_id(self) -> str:
        """The short id that the frame keeps at every step."""
        if self.known_as is None:
            self.known_as = packet_id(self.device_id, self.frame)
        return self.known_as


_NEXT = dict(pairwise(Stage))  # the stage before which a frame ends that came to this one


class _Way(NamedTuple):
    """How far a frame came, and why no further."""

    kind: FrameClass | None  # None: nobody looked into it
    stage: Stage
    reason: str | None = None
    networks: tuple[str, ...] = ()
    report: tuple[Stage, str | None] | None = None  # how far its report came meanwhile


class PacketPath:
    """The path of one hotspot.

    `passed` and `stopped` count frames by the stage that they passed or ended before, `stopped` with the reason.
    """

    def __init__(
        self,
        *,
        hotspot: str,
        packets: Packets,
        clock: Clock,
        metrics: Metrics,
        region_known: Callable[[], bool],
    ) -> None:
        self._hotspot = hotspot
        self._packets = packets
        self._clock = clock
        self._metrics = metrics
        self._region_known = region_known
        self._forward: Callable[[Heard], Awaitable[tuple[str, ...]]] | None = None
        self._witness: Callable[[Heard], Awaitable[bool]] | None = None
        self._stored: Callable[[PacketRow], None] | None = None
        self._moved: Callable[[str, Stage, str | None], None] | None = None
        self._frames: asyncio.Queue[Heard] = asyncio.Queue(MAX_WAITING)
        self._walked: list[tuple[Heard, _Way]] = []  # not written down yet
        self._rows: list[PacketRow] = []  # not stored yet
        self._in_hand: Heard | None = None  # the frame on its way
        self._overtaken: tuple[Stage, str | None] | None = None  # how far its report came meanwhile
        self._beacons_seen = SeenCache()
        self._disk_failed = False
        self.passed: Counter[Stage] = Counter()
        self.stopped: Counter[tuple[Stage, str]] = Counter()

    def connect(
        self,
        *,
        witness: Callable[[Heard], Awaitable[bool]],
        forward: Callable[[Heard], Awaitable[tuple[str, ...]]],
        stored: Callable[[PacketRow], None],
        moved: Callable[[str, Stage, str | None], None] | None = None,
    ) -> None:
        """Say, before `run`, who reports beacons (True: the report is queued), who hands uplinks to networks (their
        names come back), and who is told of stored frames and of stored frames that move on."""
        self._witness = witness
        self._forward = forward
        self._stored = stored
        self._moved = moved

    def take(self, device_id: str, frame: ReceivedFrame) -> None:
        """Accept a frame from a radio; never blocks. A full queue drops it and counts it."""
        try:
            self._frames.put_nowait(Heard(device_id=device_id, frame=frame))
        except asyncio.QueueFull:
            self.stopped[Stage.RECEIVED, "queue_full"] += 1
            self._metrics.count("skerry_queue_dropped_total", queue="packets", reason="full")

    def note_own_beacon(self, data: bytes) -> None:
        """Remember a beacon that this hotspot is about to send: hearing it is no witness."""
        self._beacons_seen.check_and_add(data)

    async def run(self) -> None:
        """Move frames along until cancelled, then store what is left."""
        moving, storing = f"{self._hotspot}: packet path", f"{self._hotspot}: packet store"
        try:
            await run_together({moving: self._move(), storing: self._store_in_groups()})
        finally:
            await self.finish()

    async def finish(self) -> None:
        """Store what is left at the end, also frames that came too late to be handed on; harmless when repeated."""
        left = [] if self._in_hand is None else [self._in_hand]
        self._in_hand = None
        while not self._frames.empty():
            left.append(self._frames.get_nowait())
        self._walked += [(heard, _Way(None, Stage.RECEIVED, "agent_stopped")) for heard in left]
        await self.flush()

    async def flush(self) -> None:
        """Store every frame that waits; rows that the disk does not take wait on, the oldest give way."""
        self.write_down()
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            await self._packets.add(rows)
        except SkerryError as error:
            self._log_disk(error)
            waiting = rows + self._rows
            self._rows = waiting[-MAX_WAITING:]
            self._metrics.count(
                "skerry_queue_dropped_total", len(waiting) - len(self._rows), queue="packet rows", reason="disk"
            )
            return
        self._disk_failed = False
        if self._stored is not None:
            for row in rows:
                self._stored(row)

    async def _move(self) -> None:
        while True:
            await self.step(await self._frames.get())

    async def _store_in_groups(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_S)
            await self.flush()

    async def step(self, heard: Heard) -> None:
        """Take one frame as far as it goes."""
        self._in_hand, self._overtaken = heard, None
        way = await self._walk(heard)
        if self._overtaken is not None:
            way = way._replace(report=self._overtaken)
        self._in_hand = None
        self._walked.append((heard, way))  # only now: `flush` may have taken the list away while the step waited

    def write_down(self) -> None:
        """Count the frames that have come to their end, and make their rows."""
        walked, self._walked = self._walked, []
        for heard, way in walked:
            self._count(heard, way)
            row = self._row(heard, way)
            self._rows.append(row if way.report is None else _further(row, *way.report))

    async def advance(self, packet_id: str, stage: Stage, reason: str | None) -> None:
        """Note how far a frame's report came: in its row, wherever that is by now. Never goes back.

        Telemetry that cannot be stored costs the note and nothing else.
        """
        if self._in_hand is not None and packet_id == self._in_hand.packet_id:
            self._overtaken = stage, reason
            return
        self.write_down()
        for place, row in enumerate(self._rows):
            if row.id == packet_id:
                self._rows[place] = _further(row, stage, reason)
                return
        try:
            moved = await self._packets.advance(packet_id, stage=stage, reason=reason, before=_up_to(stage))
        except SkerryError as error:
            self._log_disk(error)
            return
        if moved and self._moved is not None:
            self._moved(packet_id, stage, reason)

    def _count(self, heard: Heard, way: _Way) -> None:
        self.passed.update(_up_to(way.stage))
        self._measure(heard)
        if way.reason is not None:
            self.stopped[_NEXT[way.stage], way.reason] += 1
            self._metrics.count("skerry_uplinks_total", device=heard.device_id, network="", outcome=way.reason)
            _log.debug("%s: packet %s ends: %s", heard.device_id, heard.packet_id, way.reason)
        for network in way.networks:
            self._metrics.count("skerry_uplinks_total", device=heard.device_id, network=network, outcome="sent")

    def _row(self, heard: Heard, way: _Way) -> PacketRow:
        frame = heard.frame
        kind, address = _describe(way.kind, frame.phy)
        return PacketRow(
            id=heard.packet_id,
            device_id=heard.device_id,
            hotspot=self._hotspot,
            at_ns=frame.received_wall_ns,
            frequency_hz=frame.frequency_hz,
            datarate=frame.datarate,
            rssi_dbm=frame.rssi_dbm,
            snr_ddb=snr_ddb(frame.snr_db),
            crc=frame.crc.value,
            phy=frame.phy,
            kind=kind,
            address=address,
            stage=way.stage,
            reason=way.reason,
            sent_to=list(way.networks),
            source=frame.source,
        )

    async def _walk(self, heard: Heard) -> _Way:
        frame = heard.frame
        reason = _unusable(frame)
        if reason is not None:
            return _Way(None, Stage.RECEIVED, reason)
        match classify(frame.phy):
            case FrameClass.UPLINK as kind:
                return _Way(kind, *await self._uplink(heard))
            case FrameClass.BEACON as kind:
                return _Way(kind, *await self._beacon(heard))
            case FrameClass.IGNORED as kind:
                return _Way(kind, Stage.RECEIVED, "not_an_uplink")

    async def _beacon(self, heard: Heard) -> tuple[Stage, str | None]:
        data = beacon_data(heard.frame.phy)
        if data is None:
            return Stage.RECEIVED, "beacon_version"
        if not self._region_known():
            return Stage.DECODED, "region_unknown"
        if self._beacons_seen.check_and_add(data):
            return Stage.DECODED, "beacon_seen_before"
        assert self._witness is not None  # connected before it runs
        try:
            queued = await self._witness(heard)
        except SkerryError as error:
            self._log_disk(error)
            return Stage.FILTERED, "not_kept"
        return (Stage.QUEUED, None) if queued else (Stage.FILTERED, "clock_not_synchronised")

    async def _uplink(self, heard: Heard) -> tuple[Stage, str | None, tuple[str, ...]]:
        if not self._region_known():
            return Stage.DECODED, "region_unknown", ()
        assert self._forward is not None  # connected before it runs
        networks = await self._forward(heard)
        return (Stage.SENT, None, networks) if networks else (Stage.FILTERED, "no_network_wants_it", ())

    def _measure(self, heard: Heard) -> None:
        frame = heard.frame
        if frame.crc is Crc.FAILED:
            self._metrics.count("skerry_rx_crc_errors_total", device=heard.device_id)
            return
        self._metrics.observe("skerry_uplink_rssi_dbm", frame.rssi_dbm)
        self._metrics.observe("skerry_uplink_snr_db", frame.snr_db)

    def _log_disk(self, error: SkerryError) -> None:
        _log.log(
            logging.DEBUG if self._disk_failed else logging.ERROR, "%s: frames not kept (%s)", self._hotspot, error
        )
        self._disk_failed = True


@cache
def _up_to(stage: Stage) -> tuple[Stage, ...]:
    stages = tuple(Stage)
    return stages[: stages.index(stage) + 1]


def _further(row: PacketRow, stage: Stage, reason: str | None) -> PacketRow:
    return replace(row, stage=stage, reason=reason) if row.stage in _up_to(stage) else row


def packet_id(device_id: str, frame: ReceivedFrame) -> str:
    """Return the short id of a frame; the same frame from the same radio at the same count has the same id."""
    text = f"{device_id}|{frame.tmst_us}|{frame.received_wall_ns}|".encode()
    return hashlib.sha256(text + frame.phy).digest()[:6].hex()


def _unusable(frame: ReceivedFrame) -> str | None:
    match frame.crc:
        case Crc.FAILED:
            return "crc_failed"
        case Crc.DISABLED:
            return "crc_disabled"
        case Crc.OK:
            pass
    return None if _is_lora(frame.datarate) else "datarate_not_lora"


@lru_cache(maxsize=64)
def _is_lora(datarate: str) -> bool:
    try:
        Datarate.parse(datarate)
    except RadioRefused:
        return False
    return True


def _describe(kind: FrameClass | None, phy: bytes) -> tuple[str, str | None]:
    """Return what a row calls a frame, and the address in it."""
    match kind:
        case None:
            return "unknown", None
        case FrameClass.BEACON:
            return "beacon", None
        case FrameClass.IGNORED:
            return "other", None
        case FrameClass.UPLINK:
            pass
    match parse_frame(phy):
        case JoinRequest(join_eui=join_eui, dev_eui=dev_eui):
            return "join_request", f"{join_eui:016X}/{dev_eui:016X}"
        case DataFrame(dev_addr=dev_addr):
            return "data_up", f"{dev_addr:08X}"
        case _:
            return "other", None
