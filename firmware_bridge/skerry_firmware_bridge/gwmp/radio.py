"""One packet forwarder as a `Radio`; the server makes it when the forwarder is first heard."""

from collections.abc import Awaitable, Callable

from skerry_firmware_bridge.gwmp.gateway import device_id
from skerry_firmware_bridge.radio import Radio, RadioTraits
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["GwmpRadio"]


class GwmpRadio(Radio):
    """Sends through a PULL_RESP; the outcome is the TX_ACK's."""

    def __init__(self, *, eui: bytes, send: Callable[[bytes, TransmitRequest], Awaitable[TransmitOutcome]]) -> None:
        self.eui = eui
        self.device_id = device_id(eui)
        self.traits = RadioTraits(kind="gwmp", can_transmit=True)
        self._send = send

    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        """Send through the forwarder. Raises `LinkLost` when it never asked for downlinks or has gone."""
        return await self._send(self.eui, request)
