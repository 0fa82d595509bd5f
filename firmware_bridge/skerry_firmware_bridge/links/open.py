"""The one place that chooses a link by its URL."""

import re

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["open_link"]

_NETWORK = ("rfc2217://", "socket://")
_SCHEME = re.compile("[a-z][a-z0-9+.-]+:")  # a port's path has none; COM3: and C: are upper case


async def open_link(url: str, *, clock: Clock, settings: SerialSettings | None = None) -> Link:
    """Open a port's path (`/dev/...`, `COM3`), `rfc2217://host:port` or `socket://host:port`. Raises `LinkRefused`."""
    from skerry_firmware_bridge.links.serial import SerialLink

    target = url.removeprefix("serial:")
    if _SCHEME.match(target) and not target.startswith(_NETWORK):
        raise LinkRefused("E_LINK_URL", f"{url} is no link.", remedy="Use a port's path, rfc2217:// or socket://.")
    return await SerialLink.open(target, settings=settings or SerialSettings(), clock=clock)
