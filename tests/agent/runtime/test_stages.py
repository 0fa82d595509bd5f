"""The nine stages: counts, the commonest reason, and a state that never claims more than is known."""

from collections import Counter
from dataclasses import replace

from skerry_agent.api.view import OperatorStatus, PathStage
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.packet_path import PacketPath, Stage
from skerry_agent.runtime.stages import first_red, path_stages
from skerry_firmware_bridge.radio import DeviceState
from skerry_simulate.clock import SimulatedClock

UP, DOWN, UNKNOWN = DeviceState.UP, DeviceState.DOWN, DeviceState.UNKNOWN
OPERATOR = OperatorStatus(is_set=True, network="n", profile="p", key=None, pays=True, state=UP, reason="", as_of_ns=1)


def path(**passed: int) -> PacketPath:
    made = PacketPath(
        hotspot="h",
        packets=None,  # type: ignore[arg-type]  # nothing is stored here
        clock=SimulatedClock(start_s=1),
        metrics=Metrics(),
        region_known=lambda: True,
    )
    made.passed = Counter({Stage[name.upper()]: count for name, count in passed.items()})
    return made


def stages(
    *paths: PacketPath,
    delivered: dict[str, int] | None = None,
    online: bool = True,
    judged: dict[tuple[Stage, str], int] | None = None,
    radio: DeviceState = UP,
    operator: OperatorStatus = OPERATOR,
) -> dict[str, PathStage]:
    rows = path_stages(
        paths=paths, delivered=delivered or {}, online=online, judged=judged or {}, radio=radio, operator=operator,
        now_ns=1,
    )  # fmt: skip
    return {row.stage: row for row in rows}


def test_there_are_nine_from_antenna_to_reward() -> None:
    assert list(stages()) == [
        "received", "decoded", "filtered", "queued", "sent", "acknowledged", "judged", "rewarded", "paid",
    ]  # fmt: skip
    assert {row.state for row in stages().values()} == {UNKNOWN}


def test_counts_of_all_hotspots_and_of_their_reports_come_together() -> None:
    one, two = path(received=5, decoded=4, queued=2, sent=1), path(received=2)
    one.stopped = Counter({(Stage.DECODED, "crc_failed"): 1, (Stage.FILTERED, "region_unknown"): 2})
    two.stopped = Counter({(Stage.DECODED, "crc_disabled"): 3})
    found = stages(
        one, two, delivered={"tried": 3, "delivered": 2, "expired": 1},
        judged={(Stage.JUDGED, ""): 1, (Stage.JUDGED, "too_close"): 1, (Stage.PAID, ""): 1},
    )  # fmt: skip
    assert (found["received"].passed, found["received"].state) == (7, UP)
    assert (found["decoded"].stopped, found["decoded"].reason) == (4, "crc_disabled")
    assert found["sent"].passed == 4
    assert (found["acknowledged"].passed, found["acknowledged"].reason) == (2, "expired")
    assert (found["judged"].passed, found["judged"].stopped, found["judged"].state) == (1, 1, UP)
    assert (found["rewarded"].state, found["paid"].state) == (UNKNOWN, UP)


def test_the_first_red_stage_is_named() -> None:
    assert first_red(stages(path(received=1)).values()) is None
    red = first_red(stages(path(received=1), radio=DOWN, online=False).values())
    assert red is not None
    assert red.stage == "received"
    red = first_red(stages(path(received=1), delivered={"refused": 2}).values())
    assert red is not None
    assert (red.stage, red.reason) == ("acknowledged", "refused")


def test_without_an_operator_its_stages_are_unknown() -> None:
    nobody = replace(OPERATOR, is_set=False)
    found = stages(judged={(Stage.JUDGED, ""): 1}, operator=nobody)
    assert {found[name].state for name in ("judged", "rewarded", "paid")} == {UNKNOWN}
