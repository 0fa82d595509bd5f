"""The packet path as the API shows it: nine stages from antenna to reward, counted since the start.

Frames are counted up to `queued`, then the reports and uplinks that came of them, then what the operator said of the
reports. What lies behind the operator is unknown unless the operator tells it (DESIGN: up, down, unknown).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from skerry_agent.api.view import OperatorStatus, PathStage
from skerry_agent.runtime.packet_path import PacketPath, Stage
from skerry_agent.store import OutboxState
from skerry_firmware_bridge.radio import DeviceState

__all__ = ["first_red", "path_stages"]

_OF_FRAMES = (Stage.RECEIVED, Stage.DECODED, Stage.FILTERED, Stage.QUEUED)
_OF_OPERATOR = (Stage.JUDGED, Stage.REWARDED, Stage.PAID)


def path_stages(
    *,
    paths: Iterable[PacketPath],
    delivered: Mapping[str, int],
    online: bool,
    judged: Mapping[tuple[Stage, str], int],
    radio: DeviceState,
    operator: OperatorStatus,
    now_ns: int,
) -> tuple[PathStage, ...]:
    """Return the nine stages; `delivered` are the outbox's counts, `judged` the news by stage and reason ("": good)."""
    passed: Counter[Stage] = Counter()
    stopped: Counter[tuple[Stage, str]] = Counter()
    for path in paths:
        passed.update(path.passed)
        stopped.update(path.stopped)
    passed[Stage.SENT] += delivered.get("tried", 0)
    passed[Stage.ACKNOWLEDGED] += delivered.get(OutboxState.DELIVERED.value, 0)
    for state in (OutboxState.REFUSED, OutboxState.EXPIRED):
        stopped[Stage.ACKNOWLEDGED, state.value] += delivered.get(state.value, 0)
    for (stage, reason), count in judged.items():
        if reason:
            stopped[stage, reason] += count
        else:
            passed[stage] += count

    def state_of(stage: Stage) -> DeviceState:
        if stage is Stage.RECEIVED and radio is not DeviceState.UP:
            return radio
        if stage is Stage.SENT and not online:
            return DeviceState.DOWN
        if stage in _OF_OPERATOR and not operator.is_set:
            return DeviceState.UNKNOWN
        if passed[stage]:
            return DeviceState.UP
        ended = stage not in _OF_FRAMES and any(count for (one, _), count in stopped.items() if one is stage)
        return DeviceState.DOWN if ended else DeviceState.UNKNOWN

    rows = []
    for stage in Stage:
        reasons = {reason: count for (one, reason), count in stopped.items() if one is stage and count}
        rows.append(
            PathStage(
                stage=stage.value,
                passed=passed[stage],
                stopped=sum(reasons.values()),
                reason=max(reasons, key=reasons.__getitem__) if reasons else None,
                state=state_of(stage),
                as_of_ns=now_ns,
            )
        )
    return tuple(rows)


def first_red(stages: Iterable[PathStage]) -> PathStage | None:
    """Return the first stage that is down."""
    return next((stage for stage in stages if stage.state is DeviceState.DOWN), None)
