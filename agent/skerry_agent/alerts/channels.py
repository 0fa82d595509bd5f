"""Delivers one notice to a webhook (signed JSON), an ntfy topic, by e-mail, over MQTT and onto the desktop.

Used by the alert loop and `skerry alerts test`.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from skerry_agent.alerts.book import Notice
from skerry_agent.alerts.desktop import DesktopFailed, NoDesktop, notify
from skerry_agent.alerts.mail import Mail, MailFailed
from skerry_agent.api.present import rfc3339
from skerry_agent.mqtt.broker import Broker, BrokerLost
from skerry_agent.settings import Settings
from skerry_agent.settings.secret import read_secret
from skerry_agent.settings.table import (
    ALERTS_DEADMAN,
    ALERTS_DESKTOP,
    ALERTS_MAIL_FROM,
    ALERTS_MAIL_PASSWORD_FILE,
    ALERTS_MAIL_SERVER,
    ALERTS_MAIL_TO,
    ALERTS_NTFY,
    ALERTS_SECRET_FILE,
    ALERTS_WEBHOOK,
)
from skerry_agent.signature import signature_headers
from skerry_core.clock import io_timeout
from skerry_core.errors import SkerryError

__all__ = ["Channels", "NotDelivered", "Sender"]

SEND_LIMIT_S = 15.0
_log = logging.getLogger(__name__)


class NotDelivered(SkerryError):
    """A channel did not take the notice; it is tried again at the next pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The hotspot that a notice is about: its name for people, its address for topics."""

    name: str
    address: str


Send = Callable[[Notice, Sender, int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Where notices go; empty addresses are switched off."""

    webhook: str = ""
    secret: bytes = field(default=b"", repr=False)
    ntfy: str = ""
    deadman: str = ""
    mail: Mail | None = None
    mqtt: Broker | None = None
    desktop: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> "Channels":
        """Read the settings. Raises `UserError` E_ALERTS_SECRET (a file that cannot be read), E_MAIL, E_MQTT."""
        mail = None
        if settings[ALERTS_MAIL_SERVER]:
            mail = Mail(
                server=settings[ALERTS_MAIL_SERVER],
                sender=settings[ALERTS_MAIL_FROM],
                receivers=settings[ALERTS_MAIL_TO],
                password=read_secret(settings, ALERTS_MAIL_PASSWORD_FILE).decode("utf-8", "replace"),
            )
        return cls(
            webhook=settings[ALERTS_WEBHOOK],
            secret=read_secret(settings, ALERTS_SECRET_FILE),
            mail=mail,
            mqtt=Broker.from_settings(settings),
            desktop=settings[ALERTS_DESKTOP],
            ntfy=settings[ALERTS_NTFY],
            deadman=settings[ALERTS_DEADMAN],
        )

    async def send(self, notice: Notice, *, hotspot: Sender, at_ns: int, taken: set[str] | None = None) -> None:
        """Deliver to every channel that is set. Raises `NotDelivered` unless all took it.

        `taken` names the channels that have it already, so that one broken channel does not repeat it in the others.
        """
        had = set() if taken is None else taken
        failures = []
        for name, send in self._set():
            if name in had:
                continue
            try:
                await send(notice, hotspot, at_ns)
            except NoDesktop as absent:
                _log.debug("alerts: not shown on a desktop (%s)", absent)
            except (NotDelivered, MailFailed, BrokerLost, DesktopFailed) as error:
                failures.append(f"{name}: {error}")
            else:
                had.add(name)
        if failures:
            raise NotDelivered("; ".join(failures))

    def _set(self) -> list[tuple[str, Send]]:
        channels: list[tuple[str, object, Send]] = [
            ("webhook", self.webhook, self._webhook),
            ("ntfy", self.ntfy, self._ntfy),
            ("mail", self.mail, self._mail),
            ("mqtt", self.mqtt, self._mqtt),
            ("desktop", self.desktop, self._desktop),
        ]
        return [(name, send) for name, place, send in channels if place]

    async def _webhook(self, notice: Notice, hotspot: Sender, at_ns: int) -> None:
        raw = json.dumps(_body(notice, hotspot, at_ns)).encode()
        headers = {"Content-Type": "application/json"} | signature_headers(self.secret, raw)
        await _request("POST", self.webhook, headers, raw)

    async def _ntfy(self, notice: Notice, hotspot: Sender, at_ns: int) -> None:
        await _request("POST", self.ntfy, {"Title": _title(notice)}, f"{hotspot.name}: {notice.text}".encode())

    async def _mail(self, notice: Notice, hotspot: Sender, at_ns: int) -> None:
        assert self.mail is not None
        subject = f"{hotspot.name}: {notice.key}" + ("" if notice.raised else " is over")
        await self.mail.send(subject=subject, text=f"{notice.text}\n\n{rfc3339(at_ns)}\n")

    async def _mqtt(self, notice: Notice, hotspot: Sender, at_ns: int) -> None:
        assert self.mqtt is not None
        body = _body(notice, hotspot, at_ns)
        body["event_type"] = body["state"]  # as Home Assistant calls it
        topic = self.mqtt.topic_of(hotspot.address, "alert")
        async with self.mqtt.connect(identifier=f"skerry-alert-{hotspot.address[-10:]}") as client:
            await client.say(topic, json.dumps(body))

    async def _desktop(self, notice: Notice, hotspot: Sender, at_ns: int) -> None:
        await notify(title=_title(notice), text=f"{hotspot.name}: {notice.text}", urgent=notice.raised)

    async def alive(self) -> None:
        """Tell the dead man's switch that the agent works: somebody else notices when this stops."""
        if self.deadman:
            await _request("GET", self.deadman, {}, None)


def _body(notice: Notice, hotspot: Sender, at_ns: int) -> dict[str, str]:
    state = "raised" if notice.raised else "cleared"
    return {"key": notice.key, "state": state, "text": notice.text, "hotspot": hotspot.name, "at": rfc3339(at_ns)}


def _title(notice: Notice) -> str:
    return "Skerry" if notice.raised else "Skerry: over"


async def _request(method: str, url: str, headers: dict[str, str], body: bytes | None) -> None:
    import aiohttp

    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]  # paths of such addresses are secrets
    try:
        async with (
            io_timeout(SEND_LIMIT_S),
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, data=body, allow_redirects=False) as response,
        ):
            if response.status >= 300:
                raise NotDelivered(f"{host} answered {response.status}")
    except (aiohttp.ClientError, ValueError, OSError, TimeoutError) as error:
        raise NotDelivered(f"{host}: {type(error).__name__}") from None
