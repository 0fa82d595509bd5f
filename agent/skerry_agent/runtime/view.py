"""The running agent as the HTTP API, doctor and window see it: every value with its age, unknown never shown as up."""

from collections.abc import Mapping
from dataclasses import replace

from skerry_agent.api.view import (
    AgentStatus,
    AgentView,
    Balance,
    ClockStatus,
    Explanation,
    HotspotStatus,
    LiveDevice,
    OperatorStatus,
    PathStage,
)
from skerry_agent.evidence import TimeKeeper
from skerry_agent.runtime.agent import Agent
from skerry_agent.runtime.hotspot import Hotspot
from skerry_agent.store import RewardRow, StoreUnavailable, WitnessRow
from skerry_firmware_bridge.radio import DeviceState

__all__ = ["RuntimeView"]

_RIGHT_CLOCK = "timedatectl set-ntp true"
_WITHOUT_OPERATOR = "Set operator.ingest, operator.entropy, operator.config and operator.key, or run the demo."


class RuntimeView(AgentView):
    """Answers from memory; only balances and explanations ask the operator."""

    def __init__(self, agent: Agent, *, time: TimeKeeper) -> None:
        self._agent = agent
        self._time = time

    @property
    def test_tokens(self) -> bool:
        return self._agent.operator.test_tokens

    def status(self) -> AgentStatus:
        hotspots = tuple(self._hotspot(hotspot) for hotspot in self._agent.hotspots)
        now_ns = self._agent.clock.wall_ns()
        operator = self._agent.operator.status()
        if not operator.is_set:  # that there is none is known at any moment
            operator = replace(operator, as_of_ns=now_ns)
        stores = self._agent.stores
        problem = stores.main.problem or stores.telemetry.problem
        state, summary, next_step = _overall(hotspots, operator, problem, self._time)
        return AgentStatus(
            started_ns=self._agent.started_ns,
            state=state,
            summary=summary,
            next_step=next_step,
            hotspots=hotspots,
            operator=operator,
            clock=ClockStatus(
                synchronised=self._time.is_synchronised, offset_ms=None, as_of_ns=self._agent.clock.wall_ns()
            ),
            path=self._path(),
            as_of_ns=self._agent.clock.wall_ns(),
        )

    def devices(self) -> Mapping[str, LiveDevice]:
        return self._agent.board.live()

    def features(self) -> Mapping[str, bool]:
        operator = self._agent.operator.status()
        return {
            "iot": True,
            "mobile": False,
            "energy": False,
            "oracle": operator.is_set,
            "chain": operator.pays,
            "transmit": any(hotspot.radio is not None for hotspot in self._agent.hotspots),
        }

    def ready(self) -> Mapping[str, bool]:
        devices = self.devices().values()
        return {
            "radio": any(device.state is DeviceState.UP for device in devices),
            "clock": self._time.is_synchronised,
            "outbox": self._agent.delivery.online,
            "disk": self._agent.stores.main.problem is None,
        }

    async def balances(self) -> list[Balance]:
        owners = sorted({hotspot.identity.owner for hotspot in self._agent.hotspots if hotspot.identity.owner})
        return await self._agent.operator.balances(owners)

    async def explain_witness(self, row: WitnessRow) -> Explanation:
        found = await self._agent.operator.explain_witness(row)
        return found or Explanation(
            id=row.id,
            verdict=row.verdict.value,
            reason=row.reason,
            rule_set=row.rule_set,
            summary=_unjudged(row),
            as_of_ns=self._agent.clock.wall_ns(),
        )

    async def explain_reward(self, row: RewardRow) -> Explanation:
        found = await self._agent.operator.explain_reward(row)
        return found or Explanation(
            id=row.id,
            verdict=row.state.value,
            reason=None,
            rule_set=None,
            summary="The operator that stated this reward is not set here, so it cannot be walked back further.",
            as_of_ns=self._agent.clock.wall_ns(),
        )

    async def region_confirmed(self, device_id: str, region: str) -> None:
        """Regions are read from the stored device at each transmission; nothing is kept here."""

    def _hotspot(self, hotspot: Hotspot) -> HotspotStatus:
        identity = hotspot.identity
        radio = self.devices().get(hotspot.radio.device_id) if hotspot.radio is not None else None
        problem = hotspot.beaconer.plan.problem if hotspot.beaconer is not None else None
        if radio is None:
            state, reason = DeviceState.UNKNOWN, "No radio has been heard from yet."
        else:
            state, reason = radio.state, radio.reason
        return HotspotStatus(
            address=identity.key.address,
            name=identity.name,
            owner=identity.owner,
            region=identity.region,
            location=identity.location,
            state=state,
            reason=problem or reason,
            as_of_ns=radio.as_of_ns if radio is not None else self._agent.started_ns,
        )

    def _path(self) -> tuple[PathStage, ...]:
        """Return the packet path's stages so far; what lies behind the operator is the operator's to tell."""
        counts: dict[str, int] = {}
        for hotspot in self._agent.hotspots:
            for name, number in hotspot.path.counts.items():
                counts[name] = counts.get(name, 0) + number
        received = counts.pop("received", 0)
        witnessed, forwarded = counts.pop("witnessed", 0), counts.pop("forwarded", 0)
        stopped = sum(counts.values())
        reason = max(counts, key=counts.__getitem__) if stopped else None
        now_ns = self._agent.clock.wall_ns()
        heard = DeviceState.UP if received else DeviceState.UNKNOWN
        return (
            PathStage(stage="received", passed=received, stopped=0, reason=None, state=heard, as_of_ns=now_ns),
            PathStage(
                stage="filtered",
                passed=received - stopped,
                stopped=stopped,
                reason=reason,
                state=heard,
                as_of_ns=now_ns,
            ),
            PathStage(stage="witnessed", passed=witnessed, stopped=0, reason=None, state=heard, as_of_ns=now_ns),
            PathStage(stage="forwarded", passed=forwarded, stopped=0, reason=None, state=heard, as_of_ns=now_ns),
        )


def _overall(
    hotspots: tuple[HotspotStatus, ...], operator: OperatorStatus, problem: StoreUnavailable | None, time: TimeKeeper
) -> tuple[DeviceState, str, str | None]:
    if problem is not None:
        return DeviceState.DOWN, f"{problem.detail} ({problem.code}) Nothing new can be kept.", problem.remedy
    down = [hotspot for hotspot in hotspots if hotspot.state is DeviceState.DOWN]
    waiting = [hotspot for hotspot in hotspots if hotspot.state is DeviceState.UNKNOWN]
    if down:
        return DeviceState.DOWN, f"{down[0].name}: {down[0].reason}", "skerry doctor"
    if time.doubt is not None:
        return DeviceState.DOWN, f"The clock is not right: {time.doubt}. Nothing is signed until it is.", _RIGHT_CLOCK
    if waiting:
        summary = "Waiting for the first radio: point a packet forwarder at this agent or set serial.radios."
        return DeviceState.UNKNOWN, summary, "skerry doctor"
    if not time.is_synchronised:
        summary = "The clock has not been synchronised since the start; nothing is signed until it is."
        return DeviceState.UNKNOWN, summary, _RIGHT_CLOCK
    if operator.is_set and operator.state is DeviceState.DOWN:
        return DeviceState.DOWN, f"The operator cannot be reached. {operator.reason}", "skerry doctor"
    if not operator.is_set:
        return DeviceState.UP, f"Working. {operator.reason}", _WITHOUT_OPERATOR
    return DeviceState.UP, f"Working for {operator.network}.", None


def _unjudged(row: WitnessRow) -> str:
    if row.state.value == "kept":
        return "No operator is set, so nobody has judged this report; it is kept here as evidence."
    return f"The operator has not judged this report yet; it is {row.state.value}."
