"""One hotspot of this agent: a gateway key, its radio, its beacons, witness reports and packets.

Built by the composition root; `run` lives as long as the agent. A radio that fails leaves the hotspot running: it is
shown as down and used again when it is back.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Self

from skerry_agent.events import EventHub
from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.runtime.beaconer import Beaconer
from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.downlink import send_downlink
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.packet_path import Heard, PacketPath
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.runtime.reports import BEACON_CLASS, WITNESS_CLASS, Reports
from skerry_agent.settings import Settings
from skerry_agent.settings.table import ANTENNA_GAIN_DDBI, LOCATION_CELL, OWNER, REGION
from skerry_agent.store import BeaconRow, OutboxItem, OutboxState, PacketRow, ReportState, Stores
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.radio import Radio
from skerry_firmware_bridge.transmit import GatewayRegion, Purpose, TransmitGate
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_wire.frames import TransmitOutcome, TransmitRequest
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1
from skerry_wire.sink import ReportSink, SinkUnavailable

__all__ = ["Hotspot", "HotspotIdentity"]

MAX_UNSIGNED = 1000  # heard beacons that wait for the clock; older ones go first, and are counted
_log = logging.getLogger(__name__)
_REPORT_STATES = {OutboxState.DELIVERED: ReportState.DELIVERED, OutboxState.REFUSED: ReportState.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotIdentity:
    """Who this hotspot is and what its owner says of it; `region` None means that the owner has not confirmed one."""

    key: PublicKey
    owner: str | None
    location: str | None
    region: str | None
    antenna_gain_ddbi: int

    @classmethod
    def from_settings(cls, settings: Settings, public_key: bytes) -> Self:
        """Read what the owner says from the settings."""
        return cls(
            key=PublicKey.from_binary(public_key),
            owner=settings[OWNER] or None,
            location=settings[LOCATION_CELL] or None,
            region=settings[REGION] or None,
            antenna_gain_ddbi=settings[ANTENNA_GAIN_DDBI],
        )

    @property
    def name(self) -> str:
        """The three-word name."""
        return self.key.animal_name


class ClockUnknown(SkerryError):
    """Nothing may be stamped now, so nothing that must be reported is sent."""


class Hotspot:
    """Moves frames in and beacons out. The gate refuses what law or the owner does not allow."""

    def __init__(
        self,
        *,
        identity: HotspotIdentity,
        path: PacketPath,
        reports: Reports,
        gate: TransmitGate,
        time: TimeKeeper,
        hub: EventHub,
    ) -> None:
        self.identity = identity
        self.path = path
        self.reports = reports
        self.beaconer: Beaconer | None = None
        self._radios: dict[str, Radio] = {}  # those that are up, in the order they came
        self._gate = gate
        self._time = time
        self._hub = hub
        self._unsigned: deque[Heard] = deque(maxlen=MAX_UNSIGNED)

    @classmethod
    async def create(
        cls,
        *,
        identity: HotspotIdentity,
        signer: Signer,
        stores: Stores,
        evidence: EvidenceLog,
        time: TimeKeeper,
        gate: TransmitGate,
        operator: Operator,
        sink: ReportSink | None,
        delivery: Delivery,
        hub: EventHub,
        clock: Clock,
        random: Randomness,
        interval_s: int,
    ) -> Self:
        """Build a hotspot and its parts; with no sink it hears and keeps, and sends no beacons."""
        reports = Reports(
            signer=signer,
            db=stores.main,
            evidence=evidence,
            clock=clock,
            queued=delivery.nudge,
            operator=sink is not None,
        )
        path = PacketPath(
            hotspot=identity.key.address,
            packets=stores.packets,
            clock=clock,
            region_known=lambda: identity.region is not None,
            forward=lambda heard: _carry(operator, identity, heard),
        )
        hotspot = cls(identity=identity, path=path, reports=reports, gate=gate, time=time, hub=hub)
        path.connect(witness=hotspot.witness, stored=hotspot.packet_stored)
        operator.attach(evidence=evidence, downlink=hotspot.downlink)
        if sink is None:
            return hotspot
        _serve_reports(delivery, sink, stores)
        if interval_s:
            last_ns = await stores.beacons.last_at_ns(identity.key.address)
            hotspot.beaconer = Beaconer(
                name=identity.name,
                gateway=identity.key.binary,
                sink=sink,
                reports=reports,
                transmit=hotspot.beacon,
                seen=path.note_own_beacon,
                sent=hotspot.beacon_sent,
                last_beacon_s=None if last_ns is None else last_ns // NS_PER_S,
                interval_s=interval_s,
                clock=clock,
                random_bytes=random.token_bytes,
                draw_below=random.random.randrange,
            )
        return hotspot

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.path.run(), name=f"{self.identity.name}: packets")
            if self.beaconer is not None:
                group.create_task(self.beaconer.run(), name=f"{self.identity.name}: beacons")

    @property
    def radio(self) -> Radio | None:
        """The radio that beacons go out by: of those that are up, the one that has been up longest."""
        return next(iter(self._radios.values()), None)

    def radio_up(self, radio: Radio) -> None:
        """Take note of a radio that works."""
        self._radios.setdefault(radio.device_id, radio)

    def radio_down(self, device_id: str) -> None:
        """Take note of a radio that is gone."""
        self._radios.pop(device_id, None)

    async def beacon(self, request: TransmitRequest) -> tuple[str, TransmitOutcome]:
        """Send a beacon; return by which device. Raises `LinkLost`, `TransmitRefused`, `DeviceTimeout`."""
        return await self._transmit(request, Purpose.BEACON)

    async def downlink(self, packet: packet_router_packet_down_v1) -> None:
        """Send what the packet router wants sent, or log why it was not; one bad downlink never stops the stream."""

        async def transmit(request: TransmitRequest) -> TransmitOutcome:
            return (await self._transmit(request, Purpose.DOWNLINK))[1]

        try:
            outcome = await send_downlink(
                packet,
                region=self.identity.region or "UNKNOWN",
                antenna_gain_ddbi=self.identity.antenna_gain_ddbi,
                transmit=transmit,
            )
        except (SkerryError, ValueError) as error:
            self.path.counts["downlink_refused"] += 1
            _log.warning("%s: downlink not sent (%s)", self.identity.name, error)
            return
        self.path.counts[f"downlink_{outcome.status.value}" if outcome else "downlink_without_window"] += 1

    async def _transmit(self, request: TransmitRequest, purpose: Purpose) -> tuple[str, TransmitOutcome]:
        if purpose is Purpose.BEACON and not self._time.is_synchronised:  # its report could not be stamped
            raise ClockUnknown(f"the clock is not right: {self._time.doubt or 'not synchronised since the start'}")
        radio = self.radio
        if radio is None:
            raise LinkLost("no radio of this hotspot is up")
        region = GatewayRegion(name=self.identity.region or "UNKNOWN", confirmed=self.identity.region is not None)
        outcome = await self._gate.transmit(
            radio,
            request,
            gateway_region=region,
            antenna_gain_ddbi=self.identity.antenna_gain_ddbi,
            purpose=purpose,
            commit=True,
        )
        return radio.device_id, outcome

    async def witness(self, heard: Heard) -> None:
        """Report a beacon of another hotspot; before the clock is right it only waits, since nothing may be signed."""
        if not self._time.is_synchronised:
            self.path.counts["unsigned_dropped"] += len(self._unsigned) == MAX_UNSIGNED
            self._unsigned.append(heard)
            return
        while self._unsigned:
            await self._report(self._unsigned.popleft())
        await self._report(heard)

    async def _report(self, heard: Heard) -> None:
        row = await self.reports.beacon_heard(heard.frame, device_id=heard.device_id, packet_id=heard.packet_id)
        _log.info("%s: witnessed a beacon at %d dBm (packet %s)", self.identity.name, row.rssi_dbm, heard.packet_id)
        self._hub.publish(
            "witnesses",
            {"id": row.id, "hotspot": row.hotspot, "packet": heard.packet_id, "rssi_dbm": row.rssi_dbm},
        )

    async def beacon_sent(self, row: BeaconRow) -> None:
        """Tell watchers of a beacon that went out."""
        self._hub.publish("beacons", {"id": row.id, "hotspot": row.hotspot, "frequency_hz": row.frequency_hz})

    def packet_stored(self, row: PacketRow) -> None:
        """Tell watchers of a frame whose row is stored."""
        self._hub.publish(
            "packets",
            {
                "id": row.id,
                "device": row.device_id,
                "kind": row.kind,
                "rssi_dbm": row.rssi_dbm,
                "stage": row.stage,
                "reason": row.reason,
            },
        )


async def _carry(operator: Operator, identity: HotspotIdentity, heard: Heard) -> tuple[str, ...]:
    try:
        taken = await operator.carry(
            identity.key.binary, heard.frame, packet_id=heard.packet_id, region=identity.region or "UNKNOWN"
        )
    except SinkUnavailable as error:
        _log.debug("packet %s: the operator's router cannot be reached (%s)", heard.packet_id, error)
        return ()
    return (operator.status().network,) if taken else ()


def _serve_reports(delivery: Delivery, sink: ReportSink, stores: Stores) -> None:
    async def send_beacon(item: OutboxItem) -> None:
        await sink.submit_beacon(item.body)

    async def send_witness(item: OutboxItem) -> None:
        await sink.submit_witness(item.body)

    async def beacon_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.beacons.set_state(item.id, _REPORT_STATES[state], reason=reason)

    async def witness_settled(item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        await stores.witnesses.set_state(item.id, _REPORT_STATES[state], reason=reason)

    delivery.serve(BEACON_CLASS, deliver=send_beacon, settled=beacon_settled)
    delivery.serve(WITNESS_CLASS, deliver=send_witness, settled=witness_settled)
