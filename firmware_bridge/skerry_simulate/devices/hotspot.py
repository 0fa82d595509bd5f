"""A Helium hotspot's GATT values and behaviour without Bluetooth; `bluez` puts it on a private D-Bus."""

from dataclasses import dataclass, field

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.messages import MESSAGES, capped_services, lights_after
from skerry_firmware_bridge.ble.protobuf import decode, encode
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["EmulatedHotspot"]

NOTIFYING = frozenset(
    {
        Characteristic.WIFI_SSID,
        Characteristic.WIFI_CONNECT,
        Characteristic.WIFI_REMOVE,
        Characteristic.ADD_GATEWAY,
        Characteristic.ASSERT_LOCATION,
        Characteristic.LIGHTS,
    }
)
WRITABLE = NOTIFYING - {Characteristic.WIFI_SSID}
UNWELCOME_PAYER = "gw_not_found"


@dataclass(slots=True)
class EmulatedHotspot:
    """One hotspot; `networks` maps the Wi-Fi names in reach to their passwords."""

    name: str = "Helium Hotspot 0A1B"
    networks: dict[str, str] = field(default_factory=lambda: {"TEST-NET": "correct horse", "OTHER-NET": "battery"})
    public_key: str = "11TestHotspotPublicKeyOfAnEmulator"
    configured: list[str] = field(default_factory=list)
    ssid: str = ""
    lights: str = "off"
    words: dict[Characteristic, bytes] = field(default_factory=dict)

    def flags(self, what: Characteristic) -> list[str]:
        """Return the characteristic's flags in BlueZ's words."""
        return [
            "read",
            *(["write"] if what in WRITABLE else []),
            *(["notify"] if what in NOTIFYING else []),
        ]

    def read(self, what: Characteristic) -> bytes:
        """Return the whole value."""
        match what:
            case Characteristic.WIFI_SERVICES:
                return capped_services(list(self.networks))[0]
            case Characteristic.WIFI_CONFIGURED:
                return encode(MESSAGES["wifi_services"], {"services": self.configured})
            case Characteristic.DIAGNOSTICS:
                answers = {"eth": "0016C0F00001", "wifi": "0016C0F00002", "fw": "2026.11.01", "ip": "127.0.0.1"}
                return self.words.get(what) or encode(MESSAGES["diagnostics"], {"diagnostics": answers})
        return self.words.get(what) or self._texts().get(what, "").encode()

    def write(self, what: Characteristic, value: bytes) -> list[bytes]:
        """Take a written value and return what is notified on that characteristic, one after the other."""
        try:
            match what:
                case Characteristic.LIGHTS:
                    self.lights = lights_after(self.lights, value.decode("utf-8", "replace"))
                    return [self.lights.encode()]
                case Characteristic.WIFI_CONNECT:
                    return self._connect(value)
                case Characteristic.WIFI_REMOVE:
                    return self._remove(value)
                case Characteristic.ADD_GATEWAY:
                    return self._add_gateway(value)
                case Characteristic.ASSERT_LOCATION:
                    decode(MESSAGES["assert_location"], value)
                    return self._say(what, b"error")  # as current firmware does
        except FrameRejected:
            return self._say(what, b"badargs")
        return []

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

    def _connect(self, value: bytes) -> list[bytes]:
        wanted = decode(MESSAGES["wifi_connect"], value)
        service = wanted["service"]
        if service not in self.networks:
            return [b"connecting", b"not_found"]
        if self.networks[service] != wanted["password"]:
            return [b"connecting", b"invalid"]
        self.ssid = service
        self.configured = [*(name for name in self.configured if name != service), service]
        return [b"connecting", b"connecting", b"connected"]

    def _remove(self, value: bytes) -> list[bytes]:
        service = decode(MESSAGES["wifi_remove"], value)["service"]
        known = service in self.configured
        self.configured = [name for name in self.configured if name != service]
        self.ssid = "" if self.ssid == service else self.ssid
        return self._say(Characteristic.WIFI_REMOVE, b"true" if known else b"false")

    def _add_gateway(self, value: bytes) -> list[bytes]:
        fields = decode(MESSAGES["add_gateway"], value)
        if fields["payer"] == UNWELCOME_PAYER:
            return self._say(Characteristic.ADD_GATEWAY, UNWELCOME_PAYER.encode())
        return self._say(Characteristic.ADD_GATEWAY, b"emulated-transaction:" + value)

    def _say(self, what: Characteristic, text: bytes) -> list[bytes]:
        self.words[what] = text
        return [text]
