"""Where the MQTT broker is and how to log in; one connection to it. Used by the telemetry link and the alert channel.

The MQTT library is imported only when a connection is made: an agent without a broker does not pay for it.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skerry_agent.settings import Settings
from skerry_agent.settings.secret import read_secret
from skerry_agent.settings.table import MQTT_BROKER, MQTT_CA_FILE, MQTT_PASSWORD_FILE, MQTT_TOPIC, MQTT_USER
from skerry_core.errors import SkerryError, UsageError

if TYPE_CHECKING:
    from aiomqtt import Client

__all__ = ["Broker", "BrokerLost", "Connection", "Will"]

PORTS = {"mqtt": 1883, "mqtts": 8883}
ANSWER_LIMIT_S = 10.0  # of each exchange with the broker
GOODBYE_S = 2.0  # an agent that stops does not wait for a slow broker
KEEPALIVE_S = 30  # the broker tells others that the agent is gone after one and a half of these
MAX_WAITING = 100  # messages to us; the one topic we listen to speaks once per start of Home Assistant
MAX_TOPIC = 200


class BrokerLost(SkerryError):
    """The broker cannot be reached, refuses us, or went away; the text names it and never a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker says in our name, kept for later listeners, when we vanish without a word."""

    topic: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker and our account there."""

    host: str
    port: int
    tls: bool
    topic: str  # everything of ours lies below it
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Broker | None":
        """Read the settings; None where no broker is set.

        Raises `UsageError` E_MQTT for settings that cannot work, `UserError` E_ALERTS_SECRET.
        """
        if not settings[MQTT_BROKER]:
            return None
        scheme, host, port = _parts(settings[MQTT_BROKER])
        password = read_secret(settings, MQTT_PASSWORD_FILE).decode("utf-8", "replace")
        if password and not settings[MQTT_USER]:
            raise _bad("mqtt.password_file is set without mqtt.user")
        return cls(
            host=host,
            port=port,
            tls=scheme == "mqtts",
            topic=_topic(settings[MQTT_TOPIC]),
            user=settings[MQTT_USER],
            password=password,
            ca_file=settings[MQTT_CA_FILE],
        )

    @property
    def name(self) -> str:
        """The broker in messages to people."""
        return f"{self.host}:{self.port}"

    def topic_of(self, hotspot: str, leaf: str) -> str:
        """Return the topic of one of a hotspot's values."""
        return f"{self.topic}/{hotspot}/{leaf}"

    @asynccontextmanager
    async def connect(self, *, identifier: str, will: Will | None = None) -> AsyncIterator["Connection"]:
        """Be connected for the length of the body. Raises `BrokerLost`, also for what fails in the body.

        `identifier` is the same at each reconnect: the broker then ends the old connection at once, and its will is
        not published after we are back.
        """
        import aiomqtt

        context = await asyncio.to_thread(self._tls_context) if self.tls else None
        last_word = aiomqtt.Will(will.topic, will.payload, qos=1, retain=True) if will else None
        try:
            async with aiomqtt.Client(
                self.host,
                self.port,
                username=self.user or None,
                password=self.password or None,
                identifier=identifier,
                will=last_word,
                tls_context=context,
                timeout=ANSWER_LIMIT_S,
                keepalive=KEEPALIVE_S,
                max_queued_incoming_messages=MAX_WAITING,
                logger=_library_log(),
            ) as client:
                _stop_if_cancelled()
                yield Connection(client)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            _stop_if_cancelled()  # what fails while we say goodbye must not keep us from going
            raise BrokerLost(f"{self.name}: {error or type(error).__name__}") from None

    def _tls_context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise BrokerLost(f"mqtt.ca_file cannot be used ({type(error).__name__})") from None


class Connection:
    """An open connection; whatever the library raises is turned into `BrokerLost` where the connection was made."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def say(self, topic: str, text: str, *, kept: bool = False) -> None:
        """Publish; returns when the broker has acknowledged. `kept` has it told to later listeners too."""
        await self._client.publish(topic, text, qos=1, retain=kept)
        _stop_if_cancelled()

    async def listen(self, topic: str) -> None:
        """Ask for the messages of a topic."""
        await self._client.subscribe(topic, qos=1)
        _stop_if_cancelled()

    async def next(self) -> bytes:
        """Return the next message of the topics listened to; raises when the connection ends."""
        payload = (await anext(self._client.messages)).payload
        return payload if isinstance(payload, bytes) else b""

    async def say_goodbye(self, topic: str, text: str) -> None:
        """Publish a last kept word although we are being stopped, and wait no longer than a stop may take."""
        self._client.timeout = GOODBYE_S
        await self._client.publish(topic, text, qos=1, retain=True)


def _stop_if_cancelled() -> None:
    """Raise `CancelledError` when this task is being cancelled.

    The library waits with `asyncio.wait_for`, which in Python 3.11 swallows a cancellation that comes together with
    the answer: the agent would never stop.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad("mqtt.broker has no usable port") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise _bad("mqtt.broker has no scheme and host")
    if parts.username is not None or parts.password is not None:  # not repeated: the text would hold the password
        raise _bad("mqtt.broker holds a name or password; they belong in mqtt.user and mqtt.password_file")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _bad("mqtt.broker goes on after the port")
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]


def _topic(text: str) -> str:
    good = text.isascii() and text.isprintable() and 0 < len(text) <= MAX_TOPIC and not set("+#$ ") & set(text)
    if not good or not all(text.split("/")):
        raise _bad("mqtt.topic is no topic: names joined by /, without + # $ and spaces")
    return text


def _bad(finding: str) -> UsageError:
    return UsageError(
        "E_MQTT", f"The MQTT settings cannot be used: {finding}.", remedy="Write mqtt.broker like mqtts://HOST:8883."
    )


def _library_log() -> logging.Logger:
    """Return the library's logger, silenced: what it has to say reaches us as errors and is told once."""
    logger = logging.getLogger("skerry_agent.mqtt.library")
    logger.setLevel(logging.CRITICAL)
    return logger
