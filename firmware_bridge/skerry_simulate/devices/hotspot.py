"""A Helium hotspot's GATT values and behaviour without Bluetooth; `bluez` puts it on a private D-Bus.

It has a key of its own, signs real transactions with it, and keeps to what published firmware does.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.messages import MESSAGES, capped_services, lights_after
from skerry_firmware_bridge.ble.protobuf import decode, encode
from skerry_firmware_bridge.errors import FrameRejected
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_keys.software import SoftwareSigner
from skerry_wire.gateway_txn import gateway_signed

__all__ = ["EmulatedHotspot"]

NOTIFYING = frozenset(
    {
        Characteristic.WIFI_SSID,
        Characteristic.WIFI_CONNECT,
        Characteristic.ADD_GATEWAY,
        Characteristic.ASSERT_LOCATION,
        Characteristic.LIGHTS,
    }
)
WRITABLE = NOTIFYING - {Characteristic.WIFI_SSID} | {Characteristic.WIFI_REMOVE}
NAMES = {what: what.name.replace("_", " ").title() for what in Characteristic}  # of descriptor 2901
TEXTS = frozenset(Characteristic) - {
    Characteristic.WIFI_SERVICES,
    Characteristic.WIFI_CONFIGURED,
    Characteristic.WIFI_CONNECT,
    Characteristic.WIFI_REMOVE,
    Characteristic.ADD_GATEWAY,
    Characteristic.ASSERT_LOCATION,
    Characteristic.DIAGNOSTICS,
}
_SEED = hashlib.sha256(b"skerry emulated hotspot").digest()  # nobody's key: simulation only


def _signer() -> Signer:
    return SoftwareSigner.from_seed(_SEED)


@dataclass(slots=True)
class EmulatedHotspot:
    """One hotspot; `networks` maps the Wi-Fi names in reach to their passwords.

    `signs_locations`: as older firmware did; today's answers assert-location with `error`. `answers` is what it says to
    a write instead of doing it, as a hotspot in trouble does.
    """

    name: str = "Helium Hotspot 0A1B"
    networks: dict[str, str] = field(default_factory=lambda: {"TEST-NET": "correct horse", "OTHER-NET": "battery"})
    signer: Signer = field(default_factory=_signer)
    signs_locations: bool = False
    offers: frozenset[Characteristic] = frozenset(Characteristic) - {Characteristic.SOFTWARE_VERSION}  # Nebra's own
    answers: dict[Characteristic, list[bytes]] = field(default_factory=dict)
    configured: list[str] = field(default_factory=list)
    ssid: str = ""
    lights: str = "off"
    words: dict[Characteristic, bytes] = field(
        default_factory=lambda: dict.fromkeys(
            (Characteristic.WIFI_CONNECT, Characteristic.ADD_GATEWAY, Characteristic.ASSERT_LOCATION), b"init"
        )
    )

    @property
    def public_key(self) -> str:
        """The hotspot's Helium address."""
        return PublicKey.from_binary(self.signer.public_key).address

    def flags(self, what: Characteristic) -> list[str]:
        """Return the characteristic's flags in BlueZ's words; wifi remove can only be written, as in the firmware."""
        return [
            *(["read"] if what is not Characteristic.WIFI_REMOVE else []),
            *(["write"] if what in WRITABLE else []),
            *(["notify"] if what in NOTIFYING else []),
        ]

    def read(self, what: Characteristic) -> bytes:
        """Return the whole value."""
        match what:
            case Characteristic.WIFI_SERVICES:
                return capped_services(list(self.networks))[0]
            case Characteristic.WIFI_CONFIGURED:
                return capped_services(self.configured)[0]
            case Characteristic.DIAGNOSTICS:
                return self.words.get(what) or encode(MESSAGES["diagnostics"], {"diagnostics": self._diagnostics()})
        return self.words.get(what) or self._texts().get(what, "").encode()

    def write(self, what: Characteristic, value: bytes) -> list[bytes]:
        """Take a written value and return what the characteristic holds from then on, one value after the other."""
        if what in self.answers:
            return self.answers[what]
        try:
            match what:
                case Characteristic.LIGHTS:
                    self.lights = lights_after(self.lights, value.decode("utf-8", "replace"))
                    return [self.lights.encode()]
                case Characteristic.WIFI_CONNECT:
                    return self._connect(decode(MESSAGES["wifi_connect"], value))
                case Characteristic.WIFI_REMOVE:
                    self._remove(decode(MESSAGES["wifi_remove"], value)["service"])
                case Characteristic.ADD_GATEWAY:
                    return [self._signed(self._add_gateway, decode(MESSAGES["add_gateway"], value))]
                case Characteristic.ASSERT_LOCATION:
                    return [self._signed(self._assert_location, decode(MESSAGES["assert_location"], value))]
        except FrameRejected:
            return [b"badargs"]
        return []

    def _diagnostics(self) -> dict[str, str]:
        return {
            "connected": "yes",
            "dialable": "yes",
            "nat_type": "none",
            "height": "1",
            "eth": "0016C0F00001",
            "wifi": "0016C0F00002",
            "fw": "2026.11.01",
            "ip": "127.0.0.1",
            "disk": "rw",
        }

    def _texts(self) -> dict[Characteristic, str]:
        return {
            Characteristic.WIFI_SSID: self.ssid,
            Characteristic.ETHERNET_ONLINE: "false",
            Characteristic.MAC: "00:16:C0:F0:00:01",
            Characteristic.PUBLIC_KEY: self.public_key,
            Characteristic.ONBOARDING_KEY: "unknown",
            Characteristic.LIGHTS: self.lights,
            Characteristic.MANUFACTURER: "Skerry",
            Characteristic.FIRMWARE_REVISION: "2026.11.01",
            Characteristic.SERIAL_NUMBER: "EMU0A1B",
        }

    def _connect(self, wanted: dict[str, Any]) -> list[bytes]:
        service = wanted["service"]
        if service not in self.networks:
            return [b"connecting", b"not_found"]
        if self.networks[service] != wanted["password"]:
            return [b"connecting", b"invalid"]
        self._remove(service)
        self.configured.append(service)
        self.ssid = service
        return [b"connecting", b"connected"]

    def _remove(self, service: str) -> None:
        self.configured = [name for name in self.configured if name != service]
        self.ssid = "" if self.ssid == service else self.ssid

    def _signed(self, make: Callable[[dict[str, Any]], bytes], wanted: dict[str, Any]) -> bytes:
        try:
            return make(wanted)
        except KeyRejected:
            return b"badargs"

    def _add_gateway(self, wanted: dict[str, Any]) -> bytes:
        return gateway_signed(
            "add_gateway", signer=self.signer, owner=_key(wanted["owner"]), payer=_key(wanted["payer"]),
            staking_fee_dc=wanted["amount"], fee_dc=wanted["fee"],
        )  # fmt: skip

    def _assert_location(self, wanted: dict[str, Any]) -> bytes:
        if not self.signs_locations:
            return b"error"
        import h3.api.basic_str as h3

        return gateway_signed(
            "assert_location", signer=self.signer, owner=_key(wanted["owner"]), payer=_key(wanted["payer"]),
            staking_fee_dc=wanted["amount"], fee_dc=wanted["fee"], nonce=wanted["nonce"],
            location=h3.latlng_to_cell(wanted["lat"], wanted["lon"], 12),
        )  # fmt: skip


def _key(address: str) -> bytes:
    return PublicKey.from_address(address).binary if address else b""
