"""What goes wrong between a computer and a Bluetooth hotspot, for the emulated BlueZ; see serial-devices row 22."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from skerry_core.errors import UsageError

__all__ = ["BleFaults", "parse_ble_faults"]


LEAST_MTU = 23  # of Bluetooth's own rules


@dataclass(slots=True, kw_only=True)
class BleFaults:
    """Counts go down as the faults happen; a flag is 0 or 1.

    `in_progress`: as after a killed program, connecting is refused until the device was disconnected (1), removed
    (2), or for ever (3). `other_adapter`: a second one, off since, holds it. `left_connected`: the device is
    still connected, so it does not advertise. `abort`: that many attempts end in radio noise. `early_resolved`: that
    many connections show no services though they say so. `slow_services_s`: they come so late. `vanish`: the link is
    lost in the middle of that write, counted from 1. `silent`: reads and writes are never answered. `notify_loss`:
    notifications get lost; `notify_twice`: they come twice. `junk`: values are no protobuf; `oversize`: values are
    longer than ATT allows. `mtu`: bytes of one ATT packet. `advertises_s`: it is quiet after so long, as real hotspots
    after 300. `no_adapter`, `off`, `forbidden`: the computer's side.
    """

    in_progress: int = 0
    other_adapter: bool = False
    left_connected: bool = False
    abort: int = 0
    early_resolved: int = 0
    slow_services_s: float = 0.0
    vanish: int = 0
    silent: bool = False
    notify_loss: bool = False
    notify_twice: bool = False
    junk: bool = False
    oversize: bool = False
    mtu: int = 247
    advertises_s: float = 0.0
    no_adapter: bool = False
    off: bool = False
    forbidden: bool = False


def parse_ble_faults(text: str) -> BleFaults:
    """Return the faults of a text such as `abort=2,mtu=23,notify_loss`. Raises `UsageError` E_FAULT."""
    types: dict[str, Callable[[float], object]] = {
        spec.name: {"int": int, "bool": bool}.get(getattr(spec.type, "__name__", str(spec.type)), float)
        for spec in fields(BleFaults)
    }
    values: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.strip().partition("=")
        try:
            values[name] = types[name](float(number or 1))
        except (KeyError, ValueError, OverflowError):
            known = ", ".join(sorted(types))
            raise UsageError(
                "E_FAULT", f"{part!r} is no fault.", remedy=f"Use NAME=NUMBER; known are {known}."
            ) from None
    if values.get("mtu", LEAST_MTU) < LEAST_MTU:
        raise UsageError("E_FAULT", f"An ATT packet has at least {LEAST_MTU} bytes.")
    return BleFaults(**values)
