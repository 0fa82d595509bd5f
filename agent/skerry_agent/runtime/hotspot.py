"""One hotspot of this agent: a gateway key, its radios, its beacons, witness reports and packets.

Built by the composition root; `run` lives as long as the agent. A radio that fails leaves the hotspot running: it is
shown as down and used again when it is back.
"""

import logging
from collections.abc import Sequence
from typing import Self

from skerry_agent.background import run_together
from skerry_agent.events import EventHub
from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.beaconer import Beaconer
from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.delivery_routes import serve_reports
from skerry_agent.runtime.fan_out import FanOut, Network
from skerry_agent.runtime.forwarder import GwmpForwarder, gateway_eui
from skerry_agent.runtime.forwarding import ForwardTarget
from skerry_agent.runtime.http_network import HttpForwarder, HttpTarget
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.packet_path import Heard, PacketPath, Stage
from skerry_agent.runtime.packet_roots import PacketRoots
from skerry_agent.runtime.radio_set import RadioSet
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.runtime.reports import Reports
from skerry_agent.runtime.transmitter import Transmitter
from skerry_agent.runtime.unstamped import Unstamped, UnstampedFrame
from skerry_agent.store import BeaconRow, PacketRow, Stores, WitnessRow
from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.transmit import TransmitGate
from skerry_keys.signer import Signer

__all__ = ["Hotspot"]

_log = logging.getLogger(__name__)


class Hotspot:
    """Moves frames in and beacons out."""

    def __init__(
        self,
        *,
        identity: HotspotIdentity,
        radios: RadioSet,
        path: PacketPath,
        fan_out: FanOut,
        reports: Reports,
        roots: PacketRoots,
        evidence: EvidenceLog,
        stores: Stores,
        time: TimeKeeper,
        clock: Clock,
        hub: EventHub,
    ) -> None:
        self.identity = identity
        self.radios = radios
        self.path = path
        self.fan_out = fan_out
        self.reports = reports
        self.beaconer: Beaconer | None = None
        self.unstamped = Unstamped(
            evidence=evidence, db=stores.main, time=time, clock=clock, report=self._report_unstamped
        )
        self._roots = roots
        self._time = time
        self._hub = hub

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
        delivery: Delivery,
        hub: EventHub,
        metrics: Metrics,
        clock: Clock,
        random: Randomness,
        interval_s: int,
        networks: Sequence[ForwardTarget | HttpTarget] = (),
    ) -> Self:
        """Build a hotspot and its parts; with an operator that takes no reports it hears and keeps, and never beacons.

        `networks` get its uplinks beside the operator.
        """
        sink = operator.sink(identity.key.binary)
        radios = RadioSet()
        transmitter = Transmitter(identity=identity, radios=radios, gate=gate, metrics=metrics)
        eui, gain_ddbi = gateway_eui(identity.key.binary), identity.antenna_gain_ddbi

        def network(target: ForwardTarget | HttpTarget) -> Network:
            if isinstance(target, HttpTarget):
                return HttpForwarder(
                    target, hotspot=identity.key.address, eui=eui, clock=clock, jitter=random.random.random,
                    metrics=metrics,
                )  # fmt: skip
            return GwmpForwarder(
                target, eui=eui, antenna_gain_ddbi=gain_ddbi, transmit=transmitter.network_downlink, clock=clock,
                metrics=metrics,
            )  # fmt: skip

        fan_out = FanOut(operator=operator, identity=identity, forwarders=[network(one) for one in networks])
        reports = Reports(
            signer=signer, db=stores.main, evidence=evidence, clock=clock, queued=delivery.nudge,
            operator=sink is not None,
        )  # fmt: skip
        path = PacketPath(
            hotspot=identity.key.address, packets=stores.packets, clock=clock, metrics=metrics,
            region_known=lambda: identity.region is not None,
        )  # fmt: skip
        hotspot = cls(
            identity=identity, radios=radios, path=path, fan_out=fan_out, reports=reports,
            roots=PacketRoots(hotspot=identity.key.address, evidence=evidence, stores=stores, clock=clock),
            evidence=evidence, stores=stores, time=time,
            clock=clock, hub=hub,
        )  # fmt: skip
        path.connect(
            witness=hotspot.witness, forward=hotspot.carry, stored=hotspot.packet_stored, moved=hotspot.packet_moved
        )
        operator.attach(evidence=evidence, downlink=transmitter.router_downlink)
        if sink is None:
            return hotspot
        serve_reports(delivery, sink, stores, advance=path.advance)
        if interval_s:
            last_ns = await stores.beacons.last_at_ns(identity.key.address)
            hotspot.beaconer = Beaconer(
                name=identity.name,
                gateway=identity.key.binary,
                sink=sink,
                reports=reports,
                transmit=transmitter.beacon,
                seen=path.note_own_beacon,
                sent=hotspot.beacon_sent,
                may_sign=lambda: time.is_synchronised,
                last_beacon_s=None if last_ns is None else last_ns // NS_PER_S,
                interval_s=interval_s,
                clock=clock,
                random_bytes=random.token_bytes,
                draw_below=random.random.randrange,
            )
        return hotspot

    async def run(self) -> None:
        """Run until cancelled, then record the packets of the last minutes."""
        try:
            await self.unstamped.load()
            await self._roots.recover()
            await self._work()
        finally:
            await self.path.finish()
            await self._roots.write(now_ns=None)

    async def _work(self) -> None:
        name = self.identity.name
        work = {
            f"{name}: packets": self.path.run(),
            f"{name}: packet roots": self._roots.run(),
            f"{name}: early frames": self.unstamped.run(),
        }
        work |= {f"{name}: {one.name}": one.run() for one in self.fan_out.forwarders}
        if self.beaconer is not None:
            work[f"{name}: beacons"] = self.beaconer.run()
        await run_together(work)

    async def carry(self, heard: Heard) -> tuple[str, ...]:
        """Hand an uplink to the networks and count it as evidence; return who took it."""
        self.radios.heard(heard.device_id, heard.frame)
        takers = await self.fan_out.carry(heard)
        if self._time.is_synchronised:  # a root names its ten minutes
            await self._roots.add(heard.frame)  # after the networks: they get frames in the order of the air
        return takers

    async def witness(self, heard: Heard) -> bool:
        """Report a beacon of another hotspot; before the clock is right it is kept and waits (then False)."""
        if not self._time.is_synchronised:
            await self.unstamped.keep(heard)
            return False
        row = await self.reports.beacon_heard(heard.frame, device_id=heard.device_id, packet_id=heard.packet_id)
        self._tell_witness(row)
        return True

    async def _report_unstamped(self, kept: UnstampedFrame, heard_at_ns: int) -> None:
        row = await self.reports.beacon_heard(
            kept.heard.frame,
            device_id=kept.heard.device_id,
            packet_id=kept.heard.packet_id,
            heard_at_ns=heard_at_ns,
            refs=(kept.entry_id,),
        )
        self._tell_witness(row)
        await self.path.advance(kept.heard.packet_id, Stage.QUEUED, None)

    def _tell_witness(self, row: WitnessRow) -> None:
        _log.info("%s: witnessed a beacon at %d dBm (packet %s)", self.identity.name, row.rssi_dbm, row.packet_id)
        self._hub.publish(
            "witnesses",
            {"id": row.id, "hotspot": row.hotspot, "packet": row.packet_id, "rssi_dbm": row.rssi_dbm},
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

    def packet_moved(self, packet_id: str, stage: Stage, reason: str | None) -> None:
        """Tell watchers of a stored frame whose report came further."""
        self._hub.publish("packets", {"id": packet_id, "stage": stage, "reason": reason})
