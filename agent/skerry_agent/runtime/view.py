"""The running agent as the HTTP API, doctor and window see it: every value with its age, unknown never shown as up."""

from collections.abc import Mapping, Sequence
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
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.runtime.stages import first_red, path_stages
from skerry_agent.store import RewardRow, WitnessRow
from skerry_firmware_bridge.radio import DeviceState

__all__ = ["RuntimeView"]

_NO_RADIO = "No radio has been heard from yet."
_OURS = {Stage.RECEIVED, Stage.SENT, Stage.ACKNOWLEDGED}  # where a stop means that this agent does not do its work
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
        path = self._path(hotspots, operator)
        limit = next(filter(None, map(self._limit, self._agent.hotspots)), None)
        state, summary, next_step = self._trouble() or _overall(
            hotspots, operator, red=first_red(path), limit=limit, time_known=self._time.is_synchronised
        )
        if self._agent.run_mark.gap is not None:
            summary = f"{summary} {self._agent.run_mark.gap}"
        return AgentStatus(
            started_ns=self._agent.started_ns,
            state=state,
            summary=summary,
            next_step=next_step,
            hotspots=hotspots,
            operator=operator,
            networks=tuple(
                one.status(hotspot.identity.key.address)
                for hotspot in self._agent.hotspots
                for one in hotspot.fan_out.forwarders
            ),
            clock=ClockStatus(
                synchronised=self._time.is_synchronised, offset_ms=None, as_of_ns=self._agent.clock.wall_ns()
            ),
            path=path,
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
            "transmit": any(hotspot.radios.first is not None for hotspot in self._agent.hotspots),
        }

    def ready(self) -> Mapping[str, bool]:
        devices = self.devices().values()
        radios = [device for device in devices if device.id not in self._agent.attached_ids]
        return {
            # an agent that only reads meters misses no radio
            "radio": any(device.state is DeviceState.UP for device in radios or devices),
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
        live = self.devices()
        radios = [live[device_id] for device_id in hotspot.radios.seen if device_id in live]
        state, reason, _ = _radios_together(radios)
        refused = None if radios else self._agent.board.refused_lately()
        return HotspotStatus(
            address=identity.key.address,
            name=identity.name,
            owner=identity.owner,
            region=identity.region,
            location=identity.location,
            state=state,
            reason=reason if state is DeviceState.DOWN else refused or self._limit(hotspot) or reason,
            as_of_ns=min((radio.as_of_ns for radio in radios), default=self._agent.started_ns),
        )

    def _trouble(self) -> tuple[DeviceState, str, str | None] | None:
        """Return what stops everything: a disk that takes nothing, a clock that can't be believed."""
        problem = self._agent.stores.main.problem or self._agent.stores.telemetry.problem
        if problem is not None:
            return DeviceState.DOWN, f"{problem.detail} ({problem.code}) Nothing new can be kept.", problem.remedy
        doubt = self._time.doubt
        if doubt is not None:
            return DeviceState.DOWN, f"The clock is not right: {doubt}. Nothing is signed until it is.", _RIGHT_CLOCK
        return None

    def _limit(self, hotspot: Hotspot) -> str | None:
        """Return what a hotspot that works can't do, None when it can do everything."""
        if hotspot.identity.region is None:
            return "No region is confirmed (hotspot.region), so nothing is sent and no beacon is reported."
        if hotspot.beaconer is not None and hotspot.beaconer.plan.problem is not None:
            return hotspot.beaconer.plan.problem
        live = self.devices()
        return _radios_together([live[one] for one in hotspot.radios.seen if one in live])[2]

    def _path(self, hotspots: tuple[HotspotStatus, ...], operator: OperatorStatus) -> tuple[PathStage, ...]:
        agent = self._agent
        return path_stages(
            paths=[hotspot.path for hotspot in agent.hotspots],
            delivered=agent.delivery.counts,
            online=agent.delivery.online,
            judged=agent.judged,
            radio=_worst([hotspot.state for hotspot in hotspots]),
            operator=operator,
            now_ns=agent.clock.wall_ns(),
        )


def _worst(states: Sequence[DeviceState]) -> DeviceState:
    return next((one for one in (DeviceState.DOWN, DeviceState.UNKNOWN) if one in states), DeviceState.UP)


def _radios_together(radios: Sequence[LiveDevice]) -> tuple[DeviceState, str, str | None]:
    """Return what several radios are as one - up while any works - why, and what those that don't work limit.

    A gateway that nobody has named and that was here for a moment only is not missed.
    """
    if not radios:
        return DeviceState.UNKNOWN, _NO_RADIO, None
    up = [radio for radio in radios if radio.state is DeviceState.UP]
    others = [radio for radio in radios if radio.state is not DeviceState.UP and radio.is_known]
    if not up:
        worst = next((radio for radio in radios if radio.state is DeviceState.UNKNOWN), radios[-1])
        return worst.state, worst.reason, None
    if not others:
        return DeviceState.UP, up[0].reason, None
    first = others[0]
    count = f"{len(others)} of {len(up) + len(others)} radios {'is' if len(others) == 1 else 'are'} not up"
    return DeviceState.UP, up[0].reason, f"{count}: {first.id} is {first.state.value} ({first.reason})"


def _overall(
    hotspots: Sequence[HotspotStatus],
    operator: OperatorStatus,
    *,
    red: PathStage | None,
    limit: str | None,
    time_known: bool,
) -> tuple[DeviceState, str, str | None]:
    """Return the worst that matters, a sentence, and the next command when something is missing."""
    down = [hotspot for hotspot in hotspots if hotspot.state is DeviceState.DOWN]
    waiting = [hotspot for hotspot in hotspots if hotspot.state is DeviceState.UNKNOWN]
    if down:
        return DeviceState.DOWN, f"{down[0].name}: {down[0].reason}", "skerry doctor"
    if waiting:
        summary = "Waiting for the first radio: point a packet forwarder at this agent or set serial.radios."
        if waiting[0].reason != _NO_RADIO:
            summary = f"{waiting[0].name}: {waiting[0].reason}"
        return DeviceState.UNKNOWN, summary, "skerry doctor"
    if not time_known:
        summary = "The clock has not been synchronised since the start; nothing is signed until it is."
        return DeviceState.UNKNOWN, summary, _RIGHT_CLOCK
    if operator.is_set and operator.state is DeviceState.DOWN:
        return DeviceState.DOWN, f"The operator cannot be reached. {operator.reason}", "skerry doctor"
    if not operator.is_set:
        return DeviceState.UP, " ".join(filter(None, ("Working.", operator.reason, limit))), _WITHOUT_OPERATOR
    if red is not None:
        why = f" ({red.reason})" if red.reason else ""
        state = DeviceState.DOWN if red.stage in _OURS else DeviceState.UP
        return state, f"Nothing passes the stage '{red.stage}'{why}.", "skerry doctor"
    if limit is not None:
        return DeviceState.UP, f"Working for {operator.network}. {limit}", "skerry doctor"
    return DeviceState.UP, f"Working for {operator.network}.", None


def _unjudged(row: WitnessRow) -> str:
    if row.state.value == "kept":
        return "No operator is set, so nobody has judged this report; it is kept here as evidence."
    return f"The operator has not judged this report yet; it is {row.state.value}."
