"""The announcement fits the state that it describes."""

import json
import re
from pathlib import Path

from skerry_agent.mqtt.home_assistant import DeviceTopics, discovery, discovery_topic
from skerry_agent.mqtt.telemetry import telemetry
from skerry_core.clock import NS_PER_S
from skerry_testing.api import NOW_NS, fill, serve_api

TOPICS = DeviceTopics(availability="a", state="s", alert="al")
PLATFORMS = {"sensor", "binary_sensor", "event"}


async def test_every_part_reads_a_member_that_the_state_has(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        state = await telemetry(served.view, served.stores, now_ns=NOW_NS + 10 * NS_PER_S)
    found = json.loads(json.dumps(discovery(hotspot="h1", name="calm-teal-otter", topics=TOPICS, interval_s=60)))
    parts = found["components"]
    assert {part["platform"] for part in parts.values()} <= PLATFORMS
    read = {
        name for part in parts.values() for name in re.findall(r"value_json\.(\w+)", part.get("value_template", ""))
    }
    assert read <= state.keys()
    assert {"verdict", "devices_up", "beacons_day", "queue", "last_packet_age_s"} <= read
    assert len({part["unique_id"] for part in parts.values()}) == len(parts)
    assert (found["state_topic"], found["availability_topic"], parts["alert"]["state_topic"]) == ("s", "a", "al")


async def test_the_state_counts_what_is_stored_and_what_is_unknown_is_null(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        empty = await telemetry(served.view, served.stores, now_ns=NOW_NS)
        assert (empty["last_packet_age_s"], empty["beacons_day"], empty["clock_synchronised"]) == (None, 0, None)
        await fill(served)
        state = await telemetry(served.view, served.stores, now_ns=NOW_NS + 10 * NS_PER_S)
        assert (state["verdict"], state["devices_up"], state["queue"]) == ("unknown", 1, 1)
        assert (state["beacons_day"], state["last_packet_age_s"]) == (3, 7)
        later = await telemetry(served.view, served.stores, now_ns=NOW_NS + 90_000 * NS_PER_S)
        assert later["beacons_day"] == 0


def test_a_hotspot_is_announced_under_its_address() -> None:
    assert discovery_topic("homeassistant", "14abc") == "homeassistant/device/skerry_14abc/config"
