"""What a scan has found: one shape for ports, Bluetooth hotspots and gateways. Made by `scan`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.ble.nearby import NearbyHotspot
from skerry_firmware_bridge.cellular.modem_manager_list import KIND as MODEM_MANAGER
from skerry_firmware_bridge.cellular.modem_manager_list import ListedModem
from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.discovery.gateways import GatewayHeard
from skerry_firmware_bridge.discovery.ports import Port

__all__ = [
    "GATEWAYS",
    "HOTSPOT",
    "MANAGED",
    "KnownDevice",
    "ScannedDevice",
    "heard_device",
    "hotspot_device",
    "known_device",
    "known_gateway",
    "managed_modem",
]

HOTSPOT = "Helium hotspot over Bluetooth"
MANAGED = "modem of ModemManager"
GATEWAYS = {"gwmp": "packet forwarder (Semtech UDP)", "station": "LoRa Basics Station"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedDevice:
    """What one port turned out to be. `kind` None = nothing answered, or nothing was `asked`; `problem` = why it could
    not be asked; `device_id` = the running agent uses it under this id."""

    port: Port
    guess: str
    kind: str | None = None
    identity: Values = field(default_factory=dict)
    problem: Mapping[str, str] | None = None
    device_id: str | None = None
    asked: bool = False

    @property
    def setting(self) -> tuple[str, str] | None:
        """The setting that lets the agent use the device, and the value to add there; None where it needs none."""
        if self.kind == "station":  # one that has been let in stands under its id, and needs nothing more
            address = self.port.path.removeprefix("ws://")
            return None if self.device_id else ("station.listen", address)
        if self.kind is None or self.kind in {"gwmp", "helium-ble"}:
            return None
        radio = self.kind in DIALECTS or self.kind == "gwmp-serial"
        return "serial.radios" if radio else "devices.attached", f"{self.kind}:{self.port.path}"

    def to_json(self) -> dict[str, Any]:
        """Return the device for `--json`; `url` and `kind` are what a settings file needs."""
        return {
            "url": self.port.path,
            "key": self.port.key,
            "usb": None if self.port.vid is None else f"{self.port.vid:04x}:{self.port.pid or 0:04x}",
            "product": self.port.product,
            "by_path": self.port.by_path,
            "guess": self.guess,
            "kind": self.kind,
            "asked": self.asked,
            "identity": dict(self.identity),
            "problem": None if self.problem is None else dict(self.problem),
            "device_id": self.device_id,
            "setting": None if self.setting is None else dict(zip(("name", "value"), self.setting, strict=True)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device of the running agent; `place` is its path, URL or, for a gateway, its EUI."""

    device_id: str
    kind: str
    place: str
    identity: Values = field(default_factory=dict)


def known_device(known: KnownDevice, port: Port, words: str) -> ScannedDevice:
    """Return a port that the running agent uses."""
    return ScannedDevice(
        port=port, guess=words, kind=known.kind, identity=known.identity, device_id=known.device_id
    )  # fmt: skip


def known_gateway(known: KnownDevice) -> ScannedDevice:
    """Return a gateway that the running agent has heard."""
    identity = {"eui": known.place, **known.identity}
    port = Port(path=known.device_id, key=known.place)
    return known_device(replace(known, identity=identity), port, GATEWAYS[known.kind])


def hotspot_device(hotspot: NearbyHotspot) -> ScannedDevice:
    """Return a hotspot in reach."""
    identity: Values = {"name": hotspot.name, "rssi_dbm": hotspot.rssi_dbm, **hotspot.identity}
    port = Port(path=f"ble:{hotspot.address}", key=hotspot.address, announced=hotspot.bus is not None)
    return ScannedDevice(port=port, guess=HOTSPOT, kind="helium-ble", identity=identity, problem=hotspot.problem)


def managed_modem(modem: ListedModem, known: Iterable[KnownDevice]) -> ScannedDevice:
    """Return a modem that ModemManager owns, whichever way the running agent (`known`) names it."""
    imei = modem.identity.get("imei")
    port = Port(path=modem.place, key=modem.place)
    if modem.problem is not None:
        return ScannedDevice(port=port, guess=MANAGED, problem=modem.problem)
    for one in known:
        if one.kind == MODEM_MANAGER and imei is not None and imei in (one.place, one.identity.get("imei")):
            return known_device(replace(one, identity=modem.identity), port, MANAGED)
    return ScannedDevice(port=port, guess=MANAGED, kind=MODEM_MANAGER, identity=modem.identity)


def heard_device(gateway: GatewayHeard) -> ScannedDevice:
    """Return a gateway that spoke, or the address at which none can be heard."""
    eui = str(gateway.identity.get("eui", ""))
    words = GATEWAYS[gateway.kind]
    port = Port(path=gateway.url, key=eui or gateway.url)
    if gateway.refused is not None:
        return ScannedDevice(port=port, guess=words, problem=gateway.refused.problem())
    return ScannedDevice(port=port, guess=words, kind=gateway.kind, identity=gateway.identity)
