"""Tells the owner when a serial port comes or goes: in the log, and as an event of the topic `ports`.

A port that nothing uses is told together with the command that finds out what it is; of one that a
device of the agent uses, the log has that device's own line. Run beside the agent by the
service, not in simulations: the ports are the machine's own.
"""

import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable

from skerry_agent.events import EventHub
from skerry_firmware_bridge.discovery.catalog import candidate
from skerry_firmware_bridge.discovery.ports import Port, PortChange

__all__ = ["PortWatch", "place_of"]

NUMBER = re.compile(",(unit|address)=[^,]*")  # tells devices at one place apart (`attached`)
SERIAL_BUS, SERIAL_PORT = "modbus-rtu://", "serial:"  # in front of a port's own name

_log = logging.getLogger(__name__)


def place_of(device_id: str) -> str:
    """Return the port, URL or EUI at which a device of the agent is."""
    place = NUMBER.sub("", device_id).partition(":")[2]
    return place.removeprefix(SERIAL_BUS).removeprefix(SERIAL_PORT)


class PortWatch:
    """`used` returns the ids of the agent's devices, each KIND:PATH; `changes` is `hotplug.watch_ports`."""

    def __init__(
        self, *, hub: EventHub, used: Callable[[], Iterable[str]], changes: Callable[[], AsyncIterator[PortChange]]
    ) -> None:
        self._hub = hub
        self._used = used
        self._changes = changes

    async def run(self) -> None:
        """Tell every change until cancelled; where ports cannot be listed, say so once and end."""
        try:
            async for change in self._changes():
                self._tell(change.port, appeared=change.appeared)
        except OSError as error:
            _log.warning("ports: plugging in and out is not noticed here (%s)", error)

    def _tell(self, port: Port, *, appeared: bool) -> None:
        guess = candidate(vid=port.vid, pid=port.pid, product=port.product, interface=port.interface)
        device_id = next((one for one in self._used() if place_of(one) in (port.path, port.device)), None)
        if device_id is not None:  # its own line says what it means that the port came or went
            _log.debug("%s: %s; %s uses it", port.path, "plugged in" if appeared else "unplugged", device_id)
        elif not appeared:
            _log.info("%s: unplugged (%s)", port.path, guess.guess)
        else:
            _log.info(
                "%s: plugged in (%s). To find out what it is: skerry devices scan %s", port.path, guess.guess, port.path
            )
        self._hub.publish(
            "ports",
            {"path": port.path, "key": port.key, "guess": guess.guess, "plugged": appeared, "device_id": device_id},
        )
