"""A radio that only notes what it is asked to send, and a duty store in a file."""

import json
from dataclasses import asdict
from pathlib import Path

from skerry_firmware_bridge.duty import DutyEntry
from skerry_firmware_bridge.radio import Radio, RadioTraits
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["FileDutyStore", "NotingRadio"]


class NotingRadio(Radio):
    """Says that it has sent everything."""

    def __init__(self, *, has_lbt: bool = False, can_transmit: bool = True) -> None:
        self.device_id = "noting:1"
        self.traits = RadioTraits(kind="noting", can_transmit=can_transmit, has_lbt=has_lbt)
        self.sent: list[TransmitRequest] = []

    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        self.sent.append(request)
        return TransmitOutcome(status=TransmitStatus.SENT, power_dbm=request.power_dbm)


class FileDutyStore:
    """One JSON line per entry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, entry: DutyEntry) -> None:
        with self._path.open("a") as stream:
            stream.write(json.dumps(asdict(entry)) + "\n")

    async def since(self, start_ns: int) -> list[DutyEntry]:
        if not self._path.exists():
            return []
        entries = [DutyEntry(**json.loads(line)) for line in self._path.read_text().splitlines()]
        return [entry for entry in entries if entry.start_ns >= start_ns]
