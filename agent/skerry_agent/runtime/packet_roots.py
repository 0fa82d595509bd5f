"""Writes the carried data packets of every ten minutes into the evidence log as one Merkle root (DESIGN, Evidence).

A hotspot adds each uplink that it takes; the raw packets are telemetry and go by age.
"""

import logging

from skerry_agent.evidence import EvidenceLog
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.packets import PacketRoot, PacketWindow
from skerry_wire.frames import ReceivedFrame

__all__ = ["PacketRoots"]

CHECK_S = 60.0  # how late after its end a window is written at most
_log = logging.getLogger(__name__)


class PacketRoots:
    """The windows of one hotspot. Add packets only while the clock is known: a root names its ten minutes."""

    def __init__(self, *, evidence: EvidenceLog, clock: Clock) -> None:
        self._evidence = evidence
        self._clock = clock
        self._window = PacketWindow()
        self._unwritten: list[PacketRoot] = []

    def add(self, frame: ReceivedFrame) -> None:
        """Count one carried packet."""
        self._window.add(
            received_ns=frame.received_wall_ns,
            frequency_hz=frame.frequency_hz,
            datarate=frame.datarate,
            phy=frame.phy,
        )

    async def run(self) -> None:
        """Write windows that are over, until cancelled."""
        while True:
            await self._clock.sleep(CHECK_S)
            await self.write(now_ns=self._clock.wall_ns())

    async def write(self, *, now_ns: int | None) -> None:
        """Write the roots of windows over at `now_ns`, of all when it is None (shutdown); what fails is kept."""
        self._unwritten += self._window.ended(now_ns)
        while self._unwritten:
            root = self._unwritten[0]
            try:
                await self._evidence.append(EntryKind.PACKETS, root.to_bytes(), link="self", source="packet path")
            except SkerryError as error:
                _log.error("evidence: the packets of ten minutes are not recorded yet (%s)", error)
                return
            del self._unwritten[0]
