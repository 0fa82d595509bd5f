"""One Basic Station as a `Radio`; the server makes it when the station connects."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from skerry_firmware_bridge.radio import Radio, RadioTraits
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["StationRadio", "device_id"]


def device_id(eui: bytes) -> str:
    """Return the stable device key of a station."""
    return f"station:{eui.hex()}"


class StationRadio(Radio):
    """Sends downlinks by `dnmsg`; the outcome is the `dntxed`'s. It has no way to send a beacon of ours."""

    def __init__(
        self, *, eui: bytes, has_lbt: bool, send: Callable[[bytes, TransmitRequest], Awaitable[TransmitOutcome]]
    ) -> None:
        self.device_id = device_id(eui)
        self.traits = RadioTraits(kind="station", can_transmit=True, has_lbt=has_lbt, downlinks_only=True)
        self._eui = eui
        self._send = send

    def know(self, *, has_lbt: bool) -> None:
        """Take note of what the station has told of itself since it connected."""
        self.traits = replace(self.traits, has_lbt=has_lbt)

    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        """Send through the station. Raises `LinkLost` when it is not connected."""
        return await self._send(self._eui, request)
