"""`skerry devices` and `skerry status` tell how old the word on a lost device is, and where its reason stands."""

from dataclasses import replace
from pathlib import Path

from skerry_agent.api.view import DeviceState
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.api import Served
from skerry_testing.cli import running_agent, skerry


def _lost(served: Served) -> None:
    device = served.view.live["d1"]
    reason = "There is no serial port /dev/x. Plug the device in, or run: skerry devices scan"
    served.view.live["d1"] = replace(
        device, state=DeviceState.DOWN, reason=reason, as_of_ns=SystemClock().wall_ns() - 150 * NS_PER_S
    )


def test_a_lost_device_is_listed_with_the_age_of_its_last_word_and_its_remedy(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change:
        assert "LAST HEARD" in skerry(tmp_path, "devices").out
        change(_lost)
        told = skerry(tmp_path, "devices").out
        assert "2 min ago" in told
        assert "run: skerry devices scan" in told


def test_the_status_points_to_the_list_while_a_device_is_not_up(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change:
        change(_lost)
        (line,) = [line for line in skerry(tmp_path, "status").out.splitlines() if line.startswith("devices")]
        assert "1 down" in line
        assert line.endswith("why: skerry devices")
