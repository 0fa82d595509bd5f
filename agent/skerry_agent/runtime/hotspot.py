"""One hotspot of this agent: a gateway key, its radio, its beacons, witness reports and packets.

Built by the composition root; `run` lives as long as the agent. A radio that fails leaves the hotspot running: it is
shown as down and used again when it is back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from skerry_agent.events import EventHub
from skerry_agent.runtime.beaconer import Beaconer
from skerry_agent.runtime.packet_path import Heard, PacketPath
from skerry_agent.runtime.reports import Reports
from skerry_agent.store import BeaconRow, PacketRow
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.radio import Radio
from skerry_keys.public_key import PublicKey
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["Hotspot", "HotspotIdentity"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotIdentity:
    """Who this hotspot is and what its owner says of it; `region` None means that the owner has not confirmed one."""

    key: PublicKey
    owner: str | None
    location: str | None
    region: str | None
    antenna_gain_ddbi: int

    @property
    def name(self) -> str:
        """The three-word name."""
        return self.key.animal_name


class Hotspot:
    """Moves frames in and beacons out. `transmit` is the gate: it refuses what law or the owner does not allow."""

    def __init__(
        self,
        *,
        identity: HotspotIdentity,
        path: PacketPath,
        reports: Reports,
        beaconer: Beaconer | None,
        transmit: Callable[[Radio, TransmitRequest], Awaitable[TransmitOutcome]],
        hub: EventHub,
    ) -> None:
        self.identity = identity
        self.path = path
        self.reports = reports
        self.beaconer = beaconer
        self._transmit = transmit
        self._hub = hub
        self.radio: Radio | None = None  # the radio that beacons go out by: the last one that came up

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.path.run(), name=f"{self.identity.name}: packets")
            if self.beaconer is not None:
                group.create_task(self.beaconer.run(), name=f"{self.identity.name}: beacons")

    async def transmit(self, request: TransmitRequest) -> tuple[str, TransmitOutcome]:
        """Send a frame by this hotspot's radio. Raises `LinkLost`, `TransmitRefused`."""
        radio = self.radio
        if radio is None:
            raise LinkLost("no radio of this hotspot is up")
        return radio.device_id, await self._transmit(radio, request)

    async def witness(self, heard: Heard) -> None:
        """Report a beacon of another hotspot."""
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
