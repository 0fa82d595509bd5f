"""What Home Assistant is told so that the agent appears there as one device with its values. Pure.

The form is Home Assistant's device discovery (2024.11 and later): one retained message per device that names its
parts, where their values are, and how each is read from the one JSON state.
"""

from dataclasses import dataclass
from typing import Any

from skerry_core import __version__

__all__ = ["BIRTH_TOPIC", "DeviceTopics", "discovery", "discovery_topic"]

BIRTH_TOPIC = "status"  # below the discovery prefix: Home Assistant says "online" there when it starts
LATE_AFTER = 3  # intervals without a state before Home Assistant calls the values unavailable
_Part = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTopics:
    """Where one hotspot's words are."""

    availability: str
    state: str
    alert: str


def discovery_topic(prefix: str, hotspot: str) -> str:
    """Return where a hotspot is announced; the address is letters and digits, as Home Assistant demands."""
    return f"{prefix}/device/skerry_{hotspot}/config"


def discovery(*, hotspot: str, name: str, topics: DeviceTopics, interval_s: int) -> dict[str, Any]:
    """Return the announcement of one hotspot."""
    parts = {**_sensors(interval_s), **_signs(interval_s), "alert": _alert(topics.alert)}
    for key, part in parts.items():
        part["unique_id"] = f"skerry_{hotspot}_{key}"
    return {
        "device": {
            "identifiers": [f"skerry_{hotspot}"],
            "name": f"Skerry {name}",
            "manufacturer": "Skerry",
            "model": "Hotspot agent",
            "serial_number": hotspot,
            "sw_version": __version__,
        },
        "origin": {"name": "skerry", "sw_version": __version__},
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "qos": 1,
        "components": parts,
    }


def _sensors(interval_s: int) -> dict[str, _Part]:
    verdict = _sensor("Verdict", "verdict", interval_s, device_class="enum", options=["up", "down", "unknown"])
    count = {"state_class": "measurement"}
    return {
        "verdict": verdict,
        "summary": _sensor("Summary", "summary", interval_s, entity_category="diagnostic"),
        "devices_up": _sensor("Devices up", "devices_up", interval_s, **count),
        "devices_down": _sensor("Devices down", "devices_down", interval_s, **count),
        "beacons_day": _sensor("Beacons in 24 h", "beacons_day", interval_s, **count),
        "queue": _sensor("Waiting reports", "queue", interval_s, **count),
        "last_packet_age": _sensor(
            "Last packet age",
            "last_packet_age_s",
            interval_s,
            device_class="duration",
            unit_of_measurement="s",
            **count,
        ),
        "alerts": _sensor("Alerts", "alerts | length", interval_s, **count),
    }


def _sensor(name: str, value: str, interval_s: int, **more: Any) -> _Part:
    template = "{{ value_json." + value + " }}"
    return {"platform": "sensor", "name": name, "value_template": template} | _late(interval_s) | more


def _signs(interval_s: int) -> dict[str, _Part]:
    down = "{{ 'ON' if value_json.verdict == 'down' else 'OFF' }}"
    clock = "{{ {true: 'OFF', false: 'ON'}.get(value_json.clock_synchronised) }}"
    common = {"platform": "binary_sensor", "device_class": "problem"} | _late(interval_s)
    return {
        "problem": {"name": "Problem", "value_template": down, **common},
        "clock": {"name": "Clock", "value_template": clock, "entity_category": "diagnostic", **common},
    }


def _late(interval_s: int) -> _Part:
    return {"expire_after": LATE_AFTER * interval_s}


def _alert(topic: str) -> _Part:
    return {"platform": "event", "name": "Alert", "state_topic": topic, "event_types": ["raised", "cleared"]}
