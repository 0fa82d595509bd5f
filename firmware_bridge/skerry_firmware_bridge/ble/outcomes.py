"""What a hotspot's one-word answers mean to a person, for every characteristic that answers with words."""

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.errors import BridgeError

__all__ = ["HotspotAnswered", "outcome"]

_WIFI = {
    "connecting": (
        "The hotspot is still connecting after a minute.",
        "Look again: skerry ble wifi list ADDRESS. Some makers' hotspots stay so when the password is wrong.",
    ),
    "connected": ("The hotspot is connected.", ""),
    "not_found": (
        "The hotspot does not see that network.",
        "Check the name, and whether the network reaches the hotspot: skerry ble wifi list ADDRESS",
    ),
    "invalid": ("The password of that network is wrong.", "Type it again; capitals count."),
    "timeout": (
        "The network did not answer the hotspot in time.",
        "Move the hotspot nearer to the router, or restart the router, and try again.",
    ),
    "failed": ("The hotspot could not join that network.", "Check that the network is 2.4 GHz, and try again."),
    "already": (
        "The hotspot is busy connecting to a network.",
        "Wait half a minute, then look: skerry ble wifi list ADDRESS",
    ),
    "badargs": ("The hotspot did not understand the name or the password.", "Try a network with a plain name."),
    "error": ("The hotspot's own network service failed.", "Restart the hotspot and try again."),
    "init": ("The hotspot has not begun to connect.", "Try again."),
}
_REMOVE = {
    "unknown_network": ("The hotspot has no password of that network.", "See: skerry ble wifi list ADDRESS"),
    "badargs": ("The hotspot did not understand the name of that network.", "Restart it and try again."),
}
_TRANSACTION = {
    "wait": ("The hotspot's miner does not answer yet.", "It needs some minutes after a start; try again then."),
    "init": ("The hotspot has not begun.", "Try again."),
    "badargs": ("The hotspot did not understand the request.", "Check the addresses, and update the hotspot."),
    "error": (
        "The hotspot's firmware does not do this any more.",
        "Onboard and assert by the network's own services: skerry wallet helium --help",
    ),
    "unknown": ("The hotspot's miner failed.", "Restart the hotspot and try again after some minutes."),
    "gw_not_found": ("The hotspot's maker does not know this hotspot.", "Ask the maker, with its serial number."),
}
_DIAGNOSTICS = {
    "wait": ("The hotspot's miner does not answer yet.", "It needs some minutes after a start; try again then."),
    "unknown": ("The hotspot's miner does not answer.", "Restart the hotspot and try again after some minutes."),
    "error": ("The hotspot could not look at itself.", "Restart it and try again."),
}
_SCAN = {"error": ("The hotspot cannot look for Wi-Fi networks.", "Restart the hotspot and try again.")}
_BY_CHARACTERISTIC = {
    Characteristic.WIFI_CONNECT: _WIFI,
    Characteristic.WIFI_REMOVE: _REMOVE,
    Characteristic.ADD_GATEWAY: _TRANSACTION,
    Characteristic.ASSERT_LOCATION: _TRANSACTION,
    Characteristic.DIAGNOSTICS: _DIAGNOSTICS,
    Characteristic.WIFI_SERVICES: _SCAN,
    Characteristic.WIFI_CONFIGURED: _SCAN,
}
_LONGEST_WORD = 40  # a hotspot's own words are shown, never at length


class HotspotAnswered(BridgeError):
    """The hotspot refused; `text` is its own word: wait, unknown, error, badargs, gw_not_found, invalid, timeout..."""

    def __init__(self, what: Characteristic, text: str) -> None:
        super().__init__(f"{what.name.lower()}: the hotspot says {text[:_LONGEST_WORD]!r}")
        self.what = what
        self.text = text[:_LONGEST_WORD]


def outcome(what: Characteristic, text: str) -> tuple[str, str]:
    """Return a sentence and a remedy for an answer; one that nobody knows is quoted."""
    unknown = (f"The hotspot answered {text[:_LONGEST_WORD]!r}, which is no word of its protocol.", "Try again.")
    return _BY_CHARACTERISTIC.get(what, {}).get(text, unknown)
