"""What a device scan must know of the agent: the devices it uses already, and where gateways would speak to it.

`skerry devices scan` asks the running agent for its devices; the job `device_scan` has them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from skerry_agent.runtime.port_watch import place_of
from skerry_agent.settings import Settings
from skerry_agent.settings.table import GWMP_LISTEN, STATION_LISTEN
from skerry_firmware_bridge.discovery.gateways import ListenFor
from skerry_firmware_bridge.discovery.scan import KnownDevice

__all__ = ["known_devices", "listen_for"]

USUAL_STATION = ("127.0.0.1", 3001)  # looked at even while station.listen is off: a station finds nobody elsewhere
IDENTITY = ("maker", "model", "firmware", "serial", "imei", "eui", "dev_eui", "p1_version", "sunspec_models")


def known_devices(devices: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[KnownDevice, ...]:
    """Return the agent's devices, given as id and values, for a scan."""
    known = []
    for device_id, values in devices:
        kind = device_id.partition(":")[0]
        identity = {name: values[name] for name in IDENTITY if values.get(name) is not None}
        known.append(KnownDevice(device_id=device_id, kind=kind, place=place_of(device_id), identity=identity))
    return tuple(known)


def listen_for(settings: Settings) -> ListenFor:
    """Return where a scan without a running agent listens. Raises `UsageError`."""
    from skerry_agent.runtime.radio_settings import listen_address

    station = listen_address("station.listen", settings[STATION_LISTEN])
    return ListenFor(gwmp=listen_address("gwmp.listen", settings[GWMP_LISTEN]), station=station or USUAL_STATION)
