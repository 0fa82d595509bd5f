"""Checks of modems, meters and concentrator cards that the settings attach; `doctor.agent` runs them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from skerry_agent.doctor.findings import Finding, Grade
from skerry_client.models import Device
from skerry_client.readings import says, short_name
from skerry_firmware_bridge.drivers import DRIVERS

__all__ = ["check_attached", "is_attached"]

LOOK_AGAIN = "Do what it says; then: skerry devices"


def is_attached(device: Device) -> bool:
    """Tell a device of the setting devices.attached from a radio: it hears no frames, and has no antenna to check."""
    return device.kind in DRIVERS


def check_attached(devices: Sequence[Device], as_of: datetime, age: Callable[[timedelta], str]) -> Iterator[Finding]:
    """Yield a finding for each; what a lost one says of itself holds the cause and the remedy."""
    for device in filter(is_attached, devices):
        heard = f"last heard {age(as_of - device.as_of)} ago" if device.values else "never heard"
        told = f"{says(device.state, device.reason, device.values)} ({heard})"
        name = short_name(device.id, device.name)
        match device.state:
            case "down":
                yield Finding(
                    stage="radio",
                    check=name,
                    grade=Grade.FAIL,
                    evidence=told,
                    reason=f"This {device.kind} does not answer.",
                    fix=LOOK_AGAIN,
                )
            case "unknown":
                yield Finding(stage="radio", check=name, grade=Grade.UNKNOWN, evidence=told, fix=LOOK_AGAIN)
            case _:
                yield Finding(stage="radio", check=name, grade=Grade.PASS, evidence=told)
