"""How `skerry devices` and `skerry devices show` tell devices to people; and which device is meant by a name."""

import difflib
from collections.abc import Sequence

from skerry_agent.cli.context import table
from skerry_client.models import Device, Page
from skerry_client.readings import has_region, last_heard, says, short_name, told, untold
from skerry_core.errors import NotFoundError

__all__ = ["device_list", "device_sheet", "find_device"]

NONE_YET = """No device yet. What is attached to this computer: skerry devices scan
Packet forwarders are heard as soon as they send to gwmp.listen. Without hardware: skerry simulate --list"""


def device_list(page: Page[Device]) -> str:
    """Return all devices, with names and regions where there are any."""
    if not page.items:
        return NONE_YET
    named = any(_own_name(one) for one in page.items)
    placed = any(one.region and has_region(one.kind) for one in page.items)
    headers = ["state", "last heard", *(["region"] if placed else []), *(["name"] if named else []), "device", "says"]
    rows = []
    for one in page.items:
        row: list[object] = [one.state, last_heard(one.kind, one.state, one.values, one.as_of, page.as_of)]
        row += [one.region if has_region(one.kind) else None] if placed else []
        row += [_own_name(one)] if named else []
        rows.append([*row, one.id, says(one.state, one.reason, one.values)])
    return table(headers, rows)


def device_sheet(page: Page[Device], device: Device) -> str:
    """Return everything that is known of one device."""
    rows: list[tuple[str, object]] = [
        ("device", device.id),
        ("name", _own_name(device)),
        ("state", f"{device.state}: {device.reason}"),
        ("last heard", last_heard(device.kind, device.state, device.values, device.as_of, page.as_of)),
        ("first seen", f"{device.first_seen:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    if device.hotspot:
        rows.append(("hotspot", device.hotspot))
    if has_region(device.kind):
        rows.append(("region", device.region or "not confirmed: see skerry devices set --help"))
    lines = [table(("what", "value"), rows)]
    if readings := told({**device.values, **device.details}):
        lines += ["", table(("reading", "value"), readings)]
    if silent := untold(device.values):
        lines += ["", table(("not told by the device",), [(", ".join(silent),)])]
    return "\n".join(lines)


def find_device(devices: Sequence[Device], name: str) -> Device:
    """Return the device with this id, or the only one that is called so. Raises `NotFoundError` E_NO_DEVICE."""
    for one in devices:
        if one.id == name:
            return one
    called = [one for one in devices if name in (one.name, short_name(one.id, one.name))]
    if len(called) == 1:
        return called[0]
    if called:
        ids = ", ".join(one.id for one in called)
        raise NotFoundError("E_NO_DEVICE", f"{len(called)} devices are called {name!r}.", remedy=f"Use an id: {ids}")
    known = [known for one in devices for known in (one.id, short_name(one.id, one.name))]
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise NotFoundError(
        "E_NO_DEVICE", f"The agent has no device {name!r}.", remedy=f"{meant}See them with: skerry devices"
    )


def _own_name(device: Device) -> str | None:
    """Return the name that the owner gave, None where it is still the device's place."""
    return device.name if not device.id.endswith(f":{device.name}") else None
