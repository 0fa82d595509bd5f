"""Keeps the agent on its MQTT broker: available, announced, its state told once a minute and at each change.

Started by the service where mqtt.broker is set. A broker that is away costs nothing but telemetry: the link comes back
by itself, waiting longer each time, and says so once.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from skerry_agent.api.view import AgentView
from skerry_agent.mqtt.broker import Broker, BrokerLost, Connection, Will
from skerry_agent.mqtt.home_assistant import BIRTH_TOPIC, DeviceTopics, discovery, discovery_topic
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import UserError

__all__ = ["MqttLink"]

CHECK_S = 5.0  # how soon a changed verdict is told
FIRST_RETRY_S, RETRY_CAP_S = 2.0, 300.0  # a broker's restart takes seconds; a moved one is looked for now and then
ONLINE, OFFLINE = "online", "offline"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_log = logging.getLogger(__name__)


class MqttLink:
    """One agent on one broker; `telemetry()` returns the state, `jitter()` a number in [0, 1)."""

    def __init__(
        self,
        *,
        broker: Broker,
        view: AgentView,
        telemetry: Callable[[], Awaitable[dict[str, Any]]],
        clock: Clock,
        jitter: Callable[[], float],
        interval_s: int,
        discovery_prefix: str,
    ) -> None:
        self._broker = broker
        self._view = view
        self._telemetry = telemetry
        self._clock = clock
        self._jitter = jitter
        self._interval_s = interval_s
        self._prefix = discovery_prefix
        self._failures = 0
        hotspot = view.status().hotspots[0]
        self._hotspot, self._name = hotspot.address, hotspot.name
        self._topics = DeviceTopics(
            availability=broker.topic_of(self._hotspot, "availability"),
            state=broker.topic_of(self._hotspot, "state"),
            alert=broker.topic_of(self._hotspot, "alert"),
        )

    async def run(self) -> None:
        """Stay connected until cancelled."""
        if self._broker.password and not self._broker.tls and self._broker.host not in LOOPBACK:
            _log.warning(
                "mqtt: the password goes to %s without encryption; use mqtts:// where the broker offers it",
                self._broker.name,
            )
        while True:
            try:
                await self._session()
            except BrokerLost as error:
                self._lost(str(error))
            except UserError as error:  # the state cannot be read from a failing disk
                self._lost(str(error))
            await self._clock.sleep(retry_wait_s(self._failures, self._jitter()))

    async def _session(self) -> None:
        identifier = f"skerry-{self._hotspot[-15:]}"  # 22 characters: every broker takes 23
        will = Will(topic=self._topics.availability, payload=OFFLINE)
        async with self._broker.connect(identifier=identifier, will=will) as client:
            try:
                await self._greet(client)
                _log.info("mqtt: connected to %s", self._broker.name)
                self._failures = 0
                await self._talk(client)
            except asyncio.CancelledError:
                # A clean goodbye makes the broker forget the will, so the same is said here.
                await client.say_goodbye(self._topics.availability, OFFLINE)
                raise

    async def _greet(self, client: Connection) -> None:
        if self._prefix:
            await client.listen(f"{self._prefix}/{BIRTH_TOPIC}")
            await self._announce(client)
        await client.say(self._topics.availability, ONLINE, kept=True)

    async def _announce(self, client: Connection) -> None:
        found = discovery(hotspot=self._hotspot, name=self._name, topics=self._topics, interval_s=self._interval_s)
        await client.say(discovery_topic(self._prefix, self._hotspot), json.dumps(found), kept=True)

    async def _talk(self, client: Connection) -> None:
        """Tell the state when it is due or the verdict has changed; announce again to a Home Assistant that starts."""
        told: tuple[object, ...] = ()
        due_ns = 0
        while True:
            seen = self._seen()
            if seen != told or self._clock.monotonic_ns() >= due_ns:
                await client.say(self._topics.state, json.dumps(await self._telemetry()), kept=True)
                told, due_ns = seen, self._clock.monotonic_ns() + self._interval_s * NS_PER_S
            try:
                async with self._clock.timeout(CHECK_S):
                    birth = await client.next()
            except TimeoutError:
                continue
            if birth == ONLINE.encode():
                await self._announce(client)
                told = ()

    def _seen(self) -> tuple[object, ...]:
        status = self._view.status()
        return status.state, *((one.id, one.state) for one in self._view.devices().values())

    def _lost(self, reason: str) -> None:
        if self._failures == 0:
            _log.warning("mqtt: not connected (%s); it is tried again and again", reason)
        else:
            _log.debug("mqtt: not connected (%s)", reason)
        self._failures += 1


def retry_wait_s(failures: int, jitter: float) -> float:
    """Return how long to wait after so many failures in a row: doubling, capped, spread over half to one and a half."""
    doubled_s: float = FIRST_RETRY_S * 2.0 ** min(max(0, failures - 1), 20)
    return min(RETRY_CAP_S, doubled_s) * (0.5 + jitter)
