"""The way of every received frame through the agent, stage by stage, with the reason where it ends.

Frames come from the radios' event sink, synchronously and in order; they are stored in groups (telemetry may lose the
last quarter of a second in a crash, DESIGN "Acknowledged"). Beacons of other hotspots go to `witness`, uplinks to
`forward`.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from skerry_agent.store import PacketRow, Packets, StoreUnavailable
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
    """How far a frame came."""

    RECEIVED = "received"
    DECODED = "decoded"
    WITNESSED = "witnessed"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A frame with the device that heard it and the short id that it keeps at every step."""

    packet_id: str
    device_id: str
    frame: ReceivedFrame


class PacketPath:
    """The path of one hotspot; `forward` names the networks that took an uplink."""

    def __init__(
        self,
        *,
        hotspot: str,
        packets: Packets,
        clock: Clock,
        region_known: Callable[[], bool],
        forward: Callable[[Heard], Awaitable[tuple[str, ...]]],
    ) -> None:
        self._hotspot = hotspot
        self._packets = packets
        self._clock = clock
        self._region_known = region_known
        self._forward = forward
        self._witness: Callable[[Heard], Awaitable[None]] | None = None
        self._stored: Callable[[PacketRow], None] | None = None
        self._frames: asyncio.Queue[Heard] = asyncio.Queue(MAX_WAITING)
        self._rows: list[PacketRow] = []
        self._unstored = False  # whether the latest try to store rows failed
        self._beacons_seen = SeenCache()
        self.counts: Counter[str] = Counter()

    def connect(self, *, witness: Callable[[Heard], Awaitable[None]], stored: Callable[[PacketRow], None]) -> None:
        """Say who reports beacons and who is told of stored frames, before `run`."""
        self._witness = witness
        self._stored = stored

    def take(self, device_id: str, frame: ReceivedFrame) -> None:
        """Accept a frame from a radio; never blocks. A full queue drops it and counts it."""
        heard = Heard(packet_id=packet_id(device_id, frame), device_id=device_id, frame=frame)
        self.counts["received"] += 1
        try:
            self._frames.put_nowait(heard)
        except asyncio.QueueFull:
            self.counts["dropped_queue_full"] += 1

    def note_own_beacon(self, data: bytes) -> None:
        """Remember a beacon that this hotspot is about to send: hearing it is no witness."""
        self._beacons_seen.check_and_add(data)

    async def run(self) -> None:
        """Move frames along until cancelled, then store what is left."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._move(), name=f"{self._hotspot}: packet path")
                group.create_task(self._store_in_groups(), name=f"{self._hotspot}: packet store")
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Store every row that waits; what a full disk does not take waits on, as far as there is room for it."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            await self._packets.add(rows)
        except StoreUnavailable as error:
            if not self._unstored:
                _log.error("frames cannot be stored: %s", error)
            self._unstored = True
            waiting = rows + self._rows
            self.counts["dropped_not_stored"] += max(0, len(waiting) - MAX_WAITING)
            self._rows = waiting[-MAX_WAITING:]
            return
        self._unstored = False
        if self._stored is not None:
            for row in rows:
                self._stored(row)

    async def _move(self) -> None:
        while True:
            heard = await self._frames.get()
            try:
                row = await self.step(heard)
            except SkerryError as error:  # a full disk, an operator's failing store: the next frame may fare better
                _log.debug("packet %s: %s", heard.packet_id, error)
                row = self._end(self._row(heard), "not_recorded")
            self._rows.append(row)

    async def _store_in_groups(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_S)
            await self.flush()

    async def step(self, heard: Heard) -> PacketRow:
        """Take one frame as far as it goes; return its row. Raises `SkerryError` when a store fails on the way."""
        frame, row = heard.frame, self._row(heard)
        reason = _unusable(frame)
        if reason is not None:
            return self._end(row, reason)
        match classify(frame.phy):
            case FrameClass.BEACON:
                return await self._beacon(replace(row, kind="beacon", stage=Stage.DECODED), heard)
            case FrameClass.UPLINK:
                kind, address = _describe(frame.phy)
                return await self._uplink(replace(row, kind=kind, address=address, stage=Stage.DECODED), heard)
            case FrameClass.IGNORED:
                return self._end(replace(row, kind="other"), "not_an_uplink")

    async def _beacon(self, row: PacketRow, heard: Heard) -> PacketRow:
        data = beacon_data(heard.frame.phy)
        if data is None:
            return self._end(row, "beacon_version")
        if not self._region_known():
            return self._end(row, "region_unknown")
        if self._beacons_seen.check_and_add(data):
            return self._end(row, "beacon_seen_before")
        assert self._witness is not None  # connected before it runs
        await self._witness(heard)
        self.counts["witnessed"] += 1
        return replace(row, stage=Stage.WITNESSED)

    async def _uplink(self, row: PacketRow, heard: Heard) -> PacketRow:
        if not self._region_known():
            return self._end(row, "region_unknown")
        networks = await self._forward(heard)
        if not networks:
            return self._end(row, "no_network_wants_it")
        self.counts["forwarded"] += 1
        return replace(row, stage=Stage.FORWARDED, sent_to=list(networks))

    def _row(self, heard: Heard) -> PacketRow:
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
            kind="unknown",
            stage=Stage.RECEIVED,
            sent_to=[],
            source=frame.source,
        )

    def _end(self, row: PacketRow, reason: str) -> PacketRow:
        self.counts[reason] += 1
        _log.debug("%s: packet %s ends: %s", row.device_id, row.id, reason)
        return replace(row, reason=reason)


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
