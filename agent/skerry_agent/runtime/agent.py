"""A running agent: its hotspots, radios, outbox and evidence, from start to stop.

Made by the composition root (`skerry_agent.app`) and, many times in one process, by the demo and by tests. It has no
module state. A radio or operator that fails leaves the rest running; an error of our own stops all and is reported.
"""

import asyncio
import logging
from collections.abc import Sequence
from random import Random

from skerry_agent.events import EventHub
from skerry_agent.evidence import EvidenceLog
from skerry_agent.evidence.verdicts import record_statement
from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.hotspot import Hotspot
from skerry_agent.runtime.operator import BeaconStatement, Operator
from skerry_agent.runtime.radios import Radios
from skerry_agent.store import BeaconRow, Stores, Verdict, WitnessRow
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_wire.sink import SinkUnavailable

__all__ = ["Agent"]

HOUSEKEEPING_S = 60.0  # seals, device list, news of the operator
_log = logging.getLogger(__name__)


class Agent:
    """Everything that runs for 1..N hotspots; `async with` is not needed: cancel `run` to stop."""

    def __init__(
        self,
        *,
        clock: Clock,
        stores: Stores,
        hub: EventHub,
        board: DeviceBoard,
        hotspots: Sequence[Hotspot],
        evidence: Sequence[EvidenceLog],
        delivery: Delivery,
        radios: Sequence[Radios],
        operator: Operator,
        attached: tuple[str, ...] = (),
        random: Random,
        housekeeping_s: float = HOUSEKEEPING_S,
    ) -> None:
        self.clock = clock
        self.stores = stores
        self.hub = hub
        self.board = board
        self.hotspots = tuple(hotspots)
        self.evidence = tuple(evidence)
        self.delivery = delivery
        self.radios = tuple(radios)
        self.operator = operator
        self._attached = attached
        self._random = random
        self._housekeeping_s = housekeeping_s
        self.started_ns = clock.wall_ns()

    async def run(self) -> None:
        """Run until cancelled; then seal what is new and store what waits."""
        try:
            async with asyncio.TaskGroup() as group:
                for number, radios in enumerate(self.radios):
                    group.create_task(radios.run(), name=f"radios {number}")
                for hotspot in self.hotspots:
                    group.create_task(hotspot.run(), name=f"hotspot {hotspot.identity.name}")
                if self._attached:
                    from skerry_agent.runtime.attached import attached_device, run_attached  # drivers load on use

                    devices = [attached_device(text) for text in self._attached]
                    work = run_attached(devices, clock=self.clock, random=self._random, events=self.board.take)
                    group.create_task(work, name="attached devices")
                group.create_task(self.board.run(self.stores.devices), name="device list")
                group.create_task(self.operator.run(), name="operator")
                group.create_task(self.delivery.run(), name="outbox")
                group.create_task(self._keep_house(), name="housekeeping")
        finally:
            await self._tidy_if_possible()

    async def tidy(self) -> None:
        """Store devices, seal evidence, fetch the operator's news once."""
        await self.board.save(self.stores.devices)
        for log in self.evidence:
            await log.seal_if_due()
        await self.fetch_news()

    async def fetch_news(self) -> None:
        """Take over verdicts and rewards; the cursor moves only with them, so none is ever missed."""
        gateways = [hotspot.identity.key.binary for hotspot in self.hotspots]
        cursor = await self.stores.facts.get("operator_news_cursor") or ""
        try:
            news = await self.operator.news(gateways, cursor=cursor)
        except SinkUnavailable as error:
            _log.debug("operator: no news (%s)", error)
            return
        beacons = await self.stores.beacons.judge(news.beacons)
        witnesses = await self.stores.witnesses.judge(news.witnesses)
        for word in news.statements:
            await self._record(word)
        if news.rewards:
            await self.stores.rewards.put(news.rewards)
        if news.cursor != cursor:
            await self.stores.facts.set("operator_news_cursor", news.cursor)
        for beacon in beacons:
            self._tell_verdict("beacons", beacon)
        for witness in witnesses:
            self._tell_verdict("witnesses", witness)
        for reward in news.rewards:
            state = {"id": reward.id, "token": reward.token, "amount": str(reward.amount), "state": reward.state.value}
            self.hub.publish("rewards", state)

    async def _record(self, word: BeaconStatement) -> None:
        """Keep the operator's signed word as evidence in the log of the hotspot that it is about."""
        for log in self.evidence:
            if log.agent == word.gateway:
                await record_statement(
                    log,
                    word.statement,
                    witness_reports=word.witness_reports,
                    registrations=word.registrations,
                    locations=word.locations,
                    link="operator",
                    source=self.operator.status().network,
                )

    def _tell_verdict(self, topic: str, row: BeaconRow | WitnessRow) -> None:
        self.hub.publish(topic, {"id": row.id, "verdict": row.verdict.value, "reason": row.reason})
        if row.verdict is Verdict.INVALID:
            _log.info("%s: %s %s is invalid: %s", row.hotspot, topic, row.id, row.reason)

    async def _keep_house(self) -> None:
        while True:
            await self.clock.sleep(self._housekeeping_s)
            await self._tidy_if_possible()

    async def _tidy_if_possible(self) -> None:
        try:
            await self.tidy()
        except SkerryError as error:  # a full disk, an operator's failing store: everything is tried again
            _log.error("housekeeping: %s; trying again in %.0f s", error, self._housekeeping_s)
