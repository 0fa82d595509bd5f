"""The modems that ModemManager owns, for `skerry devices scan`; and how an emulated one's bus is announced."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from skerry_firmware_bridge.cellular.modem_manager import ANY
from skerry_firmware_bridge.cellular.modem_manager_bus import ABSENT, open_manager
from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.errors import BridgeError, LinkRefused

__all__ = ["KIND", "ListedModem", "announced_manager", "announcement", "managed_modems"]

KIND = "modem-manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModem:
    """A modem by its `place` in the settings; or a `problem` (code, detail, remedy) that keeps all from being seen."""

    place: str
    identity: Values = field(default_factory=dict)
    problem: Mapping[str, str] | None = None


def announcement(place: str, bus: str) -> str:
    """Return the line by which an emulator tells in its `.url` file where it is: what the settings take."""
    return f"{KIND}:{place}?bus={bus}"


def announced_manager(line: str) -> str | None:
    """Return the bus that an emulator's line names, None for another device's line."""
    place, separator, bus = line.partition("?bus=")
    return bus if separator and bus and place.startswith(f"{KIND}:") else None


async def managed_modems(bus: str | None = None) -> list[ListedModem]:
    """Return the modems on the system's bus, or on the one at `bus`; none where there is no ModemManager.

    Asks no modem anything. Never raises for ModemManager's sake.
    """
    suffix = "" if bus is None else f"?bus={bus}"
    try:
        async with open_manager(bus) as manager:
            modems = await manager.modems()
    except LinkRefused as error:
        if error.code in ABSENT:
            return []
        return [ListedModem(place=ANY + suffix, problem=error.problem())]
    except BridgeError as error:
        silent = LinkRefused(
            "E_MM_SILENT", f"ModemManager cannot be asked: {error}.",
            remedy="Look at its log, or restart it: sudo systemctl restart ModemManager",
        )  # fmt: skip
        return [ListedModem(place=ANY + suffix, problem=silent.problem())]
    return [ListedModem(place=(modem.identifier or ANY) + suffix, identity=modem.identity) for modem in modems]
