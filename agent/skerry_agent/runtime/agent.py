"""A running agent: its hotspots, radios, outbox and evidence, from start to stop.

Made by the composition root (`skerry_agent.app`) and, many times in one process, by the demo and by tests. It has no
module state. A radio or operator that fails leaves the rest running; an error of our own stops all and is reported.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from random import Random

from skerry_agent.background import run_together
from skerry_agent.events import EventHub
from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.evidence.verdicts import record_statement
from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.hotspot import Hotspot
from skerry_agent.runtime.operator import BeaconStatement, News, Operator
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.runtime.radio_watch import RadioWatch
from skerry_agent.runtime.radios import Radios
from skerry_agent.runtime.run_mark import RunMark
from skerry_agent.store import BeaconRow, DeviceRow, RewardState, Stores, Verdict, WitnessRow
from skerry_core.clock import Clock, io_timeout
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.device import DeviceConfig
from skerry_wire.sink import SinkUnavailable

__all__ = ["Agent"]

HOUSEKEEPING_S = 60.0  # seals, device list, news of the operator
TIME_POLL_S = 1.0
LAST_WORDS_S = 3.0  # real time for the end; users and systemd expect the whole to stop within 5 s
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
        time: TimeKeeper,
        watch: RadioWatch,
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
        self.run_mark = RunMark(facts=stores.facts, clock=clock, hub=hub)
        self.judged: Counter[tuple[Stage, str]] = Counter()  # news by stage; the reason of invalid ones, else ""
        self._time = time
        self._watch = watch
        self._attached = attached
        self.attached_ids: frozenset[str] = frozenset()  # devices that are no radios; known once it runs
        self._random = random
        self._housekeeping_s = housekeeping_s
        self.started_ns = clock.wall_ns()

    async def run(self) -> None:
        """Run until cancelled; then seal what is new and store what waits."""
        attached = self._attached_devices()
        await self.run_mark.begin()  # where the start ends here, no work may have been made that nobody awaits
        work = {f"radios {number}": radios.run() for number, radios in enumerate(self.radios)}
        work |= {f"hotspot {hotspot.identity.name}": hotspot.run() for hotspot in self.hotspots}
        if attached:
            work["attached devices"] = self._run_attached(attached)
        work |= {
            "device list": self.board.run(self.stores.devices),
            "operator": self._run_operator(),
            "outbox": self.delivery.run(),
            "radio watch": self._watch.run(),
            "housekeeping": self._keep_house(),
        }
        try:
            await run_together(work)
        finally:
            await self._last_words()

    def _attached_devices(self) -> list[DeviceConfig]:
        if not self._attached:
            return []
        from skerry_agent.runtime.attached import attached_devices  # drivers load on use

        devices = attached_devices(self._attached)
        self.attached_ids = frozenset(device.device_id for device in devices)
        for device in devices:
            self.board.expect(device.device_id, "Not opened yet: it is being connected for the first time.")
        return devices

    async def _run_attached(self, devices: list[DeviceConfig]) -> None:
        """Put configured devices on the stored list, so that they are seen before they first answer; then work."""
        from skerry_agent.runtime.attached import run_attached

        now_ns = self.clock.wall_ns()
        try:
            for device in devices:
                kind, _, name = device.device_id.partition(":")
                row = DeviceRow(
                    id=device.device_id, kind=kind, name=name, first_seen_ns=now_ns, last_seen_ns=now_ns, details={}
                )
                await self.stores.devices.seen(row)
        except SkerryError as error:
            _log.error("devices: not stored (%s)", error)
        await run_attached(devices, clock=self.clock, random=self._random, events=self.board.take)

    async def _run_operator(self) -> None:
        """Connect once the time is known: a session begins with a signature."""
        while not self._time.is_synchronised:
            await self.clock.sleep(TIME_POLL_S)
        await self.operator.run()

    async def _last_words(self) -> None:
        """Store what waits. What fails now is logged: it must not hide why the agent stops."""
        try:
            async with io_timeout(LAST_WORDS_S):
                await self.tidy()
                await self.run_mark.end()
        except (SkerryError, TimeoutError) as error:
            _log.error("agent: the end was not stored (%s)", error or "it took too long")

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
        self._count(news)
        for beacon in beacons:
            self._tell_verdict("beacons", beacon)
        for witness in witnesses:
            self._tell_verdict("witnesses", witness)
            await self._advance(witness)
        for reward in news.rewards:
            state = {"id": reward.id, "token": reward.token, "amount": str(reward.amount), "state": reward.state.value}
            self.hub.publish("rewards", state)

    async def _advance(self, row: WitnessRow) -> None:
        """Let the frame of a judged report move on in the path of its hotspot."""
        reason = row.reason if row.verdict is Verdict.INVALID else None
        for hotspot in self.hotspots:
            if hotspot.identity.key.address == row.hotspot and row.packet_id and row.verdict is not Verdict.UNKNOWN:
                await hotspot.path.advance(row.packet_id, Stage.JUDGED, reason)

    def _count(self, news: News) -> None:
        for verdict in (*news.beacons, *news.witnesses):
            self.judged[Stage.JUDGED, "" if verdict.verdict is Verdict.VALID else verdict.reason or "invalid"] += 1
        if news.rewards:  # the operator repeats every reward with each word, so that states may move on: totals
            self.judged[Stage.REWARDED, ""] = len(news.rewards)
            self.judged[Stage.PAID, ""] = sum(reward.state is RewardState.PAID for reward in news.rewards)

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
            try:
                await self.tidy()
            except SkerryError as error:  # a full disk, an operator's failing store: everything is tried again
                _log.error("housekeeping: %s; trying again in %.0f s", error, self._housekeeping_s)
