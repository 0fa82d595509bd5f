"""The way of every received frame through the agent, stage by stage, with the reason where it ends.

Frames come from the radios' event sink, synchronously and in order; they are stored in groups (telemetry may lose the
last quarter of a second in a crash, DESIGN "Acknowledged"). Beacons of other hotspots go to `witness`, uplinks to
`forward`. A disk that takes nothing costs telemetry, never the agent.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
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
from skerry_wire.errors import FrameMalformed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A frame with the device that heard it and the short id that it keeps at every step."""

    packet_id: str
    device_id: str
    frame: ReceivedFrame


_NEXT = dict(pairwise(Stage))  # the stage before which a frame ends that came to this one


class _Way(NamedTuple):
    """How far a frame came, and why no further."""

    kind: str
    stage: Stage
    reason: str | None = None
    address: str | None = None
    networks: tuple[str, ...] = ()


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
        self._rows: list[PacketRow] = []
        self._in_hand: str | None = None  # the frame on its way, whose row is not among `_rows` yet
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
        heard = Heard(packet_id=packet_id(device_id, frame), device_id=device_id, frame=frame)
        try:
            self._frames.put_nowait(heard)
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
            await self.flush()

    async def flush(self) -> None:
        """Store every row that waits; rows that the disk does not take wait on, the oldest give way."""
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
            heard = await self._frames.get()
            self._in_hand, self._overtaken = heard.packet_id, None
            row = await self.step(heard)
            if self._overtaken is not None:
                row = _further(row, *self._overtaken)
            self._in_hand = None
            self._rows.append(row)  # only now: `flush` may have taken the list away while the step waited

    async def advance(self, packet_id: str, stage: Stage, reason: str | None) -> None:
        """Note how far a frame's report came: in its row, wherever that is by now. Never goes back.

        Telemetry that cannot be stored costs the note and nothing else.
        """
        if packet_id == self._in_hand:
            self._overtaken = stage, reason
            return
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

    async def _store_in_groups(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_S)
            await self.flush()

    async def step(self, heard: Heard) -> PacketRow:
        """Take one frame as far as it goes; return its row."""
        self._reach(Stage.RECEIVED)
        self._measure(heard)
        way = await self._walk(heard)
        if way.reason is not None:
            self.stopped[_NEXT[way.stage], way.reason] += 1
            self._metrics.count("skerry_uplinks_total", device=heard.device_id, network="", outcome=way.reason)
            _log.debug("%s: packet %s ends: %s", heard.device_id, heard.packet_id, way.reason)
        for network in way.networks:
            self._metrics.count("skerry_uplinks_total", device=heard.device_id, network=network, outcome="sent")
        return self._row(heard, way)

    def _row(self, heard: Heard, way: _Way) -> PacketRow:
        frame = heard.frame
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
            kind=way.kind,
            address=way.address,
            stage=way.stage,
            reason=way.reason,
            sent_to=list(way.networks),
            source=frame.source,
        )

    async def _walk(self, heard: Heard) -> _Way:
        frame = heard.frame
        reason = _unusable(frame)
        if reason is not None:
            return _Way("unknown", Stage.RECEIVED, reason)
        match classify(frame.phy):
            case FrameClass.BEACON:
                data = beacon_data(frame.phy)
                if data is None:
                    return _Way("beacon", Stage.RECEIVED, "beacon_version")
                self._reach(Stage.DECODED)
                return await self._beacon(heard, data)
            case FrameClass.UPLINK:
                self._reach(Stage.DECODED)
                return await self._uplink(heard)
            case FrameClass.IGNORED:
                return _Way("other", Stage.RECEIVED, "not_an_uplink")

    async def _beacon(self, heard: Heard, data: bytes) -> _Way:
        if not self._region_known():
            return _Way("beacon", Stage.DECODED, "region_unknown")
        if self._beacons_seen.check_and_add(data):
            return _Way("beacon", Stage.DECODED, "beacon_seen_before")
        self._reach(Stage.FILTERED)
        assert self._witness is not None  # connected before it runs
        try:
            queued = await self._witness(heard)
        except SkerryError as error:
            self._log_disk(error)
            return _Way("beacon", Stage.FILTERED, "not_kept")
        if not queued:
            return _Way("beacon", Stage.FILTERED, "clock_not_synchronised")
        self._reach(Stage.QUEUED)
        return _Way("beacon", Stage.QUEUED)

    async def _uplink(self, heard: Heard) -> _Way:
        kind, address = _describe(heard.frame.phy)
        if not self._region_known():
            return _Way(kind, Stage.DECODED, "region_unknown", address)
        self._reach(Stage.FILTERED)
        assert self._forward is not None  # connected before it runs
        networks = await self._forward(heard)
        if not networks:
            return _Way(kind, Stage.FILTERED, "no_network_wants_it", address)
        self._reach(Stage.QUEUED)
        self._reach(Stage.SENT)
        return _Way(kind, Stage.SENT, None, address, networks)

    def _reach(self, stage: Stage) -> None:
        self.passed[stage] += 1

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


def _up_to(stage: Stage) -> list[Stage]:
    stages = list(Stage)
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
    try:
        Datarate.parse(frame.datarate)
    except RadioRefused:
        return "datarate_not_lora"
    return None


def _describe(phy: bytes) -> tuple[str, str | None]:
    try:
        frame = parse_frame(phy)
    except FrameMalformed:
        return "data_up", None
    match frame:
        case JoinRequest():
            return "join_request", f"{frame.join_eui:016X}/{frame.dev_eui:016X}"
        case DataFrame():
            return "data_up", f"{frame.dev_addr:08X}"
        case _:
            return "other", None
