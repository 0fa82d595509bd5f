"""Delivers one notice to a webhook (signed JSON), an ntfy topic or by e-mail.

Used by the alert loop and `skerry alerts test`.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path

from skerry_agent.alerts.book import Notice
from skerry_agent.alerts.mail import Mail, MailFailed
from skerry_agent.api.present import rfc3339
from skerry_agent.settings import Settings
from skerry_agent.settings.setting import Setting
from skerry_agent.settings.table import (
    ALERTS_DEADMAN,
    ALERTS_MAIL_FROM,
    ALERTS_MAIL_PASSWORD_FILE,
    ALERTS_MAIL_SERVER,
    ALERTS_MAIL_TO,
    ALERTS_NTFY,
    ALERTS_SECRET_FILE,
    ALERTS_WEBHOOK,
)
from skerry_core.clock import io_timeout
from skerry_core.errors import SkerryError, UserError

__all__ = ["Channels", "NotDelivered"]

SEND_LIMIT_S = 15.0
SIGNATURE = "X-Skerry-Signature"  # sha256=<HMAC-SHA256 of the body in hex>


class NotDelivered(SkerryError):
    """A channel did not take the notice; it is tried again at the next pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Where notices go; empty addresses are switched off."""

    webhook: str = ""
    secret: bytes = field(default=b"", repr=False)
    ntfy: str = ""
    deadman: str = ""
    mail: Mail | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Channels":
        """Read the settings. Raises `UserError` E_ALERTS_SECRET for a secret file that cannot be read, E_MAIL."""
        mail = None
        if settings[ALERTS_MAIL_SERVER]:
            mail = Mail(
                server=settings[ALERTS_MAIL_SERVER],
                sender=settings[ALERTS_MAIL_FROM],
                receivers=settings[ALERTS_MAIL_TO],
                password=_secret(settings, ALERTS_MAIL_PASSWORD_FILE).decode("utf-8", "replace"),
            )
        return cls(
            webhook=settings[ALERTS_WEBHOOK],
            secret=_secret(settings, ALERTS_SECRET_FILE),
            mail=mail,
            ntfy=settings[ALERTS_NTFY],
            deadman=settings[ALERTS_DEADMAN],
        )

    async def send(self, notice: Notice, *, hotspot: str, at_ns: int, taken: set[str] | None = None) -> None:
        """Deliver to every channel. Raises `NotDelivered` unless all took it.

        `taken` names the channels that have it already, so that one broken channel does not repeat it in the others.
        """
        had = set() if taken is None else taken
        failures = []
        for name, send in (("webhook", self._webhook), ("ntfy", self._ntfy), ("mail", self._mail)):
            if name in had:
                continue
            try:
                await send(notice, hotspot, at_ns)
            except NotDelivered as error:
                failures.append(str(error))
            else:
                had.add(name)
        if failures:
            raise NotDelivered("; ".join(failures))

    async def _webhook(self, notice: Notice, hotspot: str, at_ns: int) -> None:
        if self.webhook:
            state = "raised" if notice.raised else "cleared"
            body = {"key": notice.key, "state": state, "text": notice.text, "hotspot": hotspot, "at": rfc3339(at_ns)}
            raw = json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            if self.secret:
                headers[SIGNATURE] = "sha256=" + hmac.new(self.secret, raw, hashlib.sha256).hexdigest()
            await _request("POST", self.webhook, headers, raw)

    async def _ntfy(self, notice: Notice, hotspot: str, at_ns: int) -> None:
        if self.ntfy:
            title = "Skerry" if notice.raised else "Skerry: over"
            await _request("POST", self.ntfy, {"Title": title}, f"{hotspot}: {notice.text}".encode())

    async def _mail(self, notice: Notice, hotspot: str, at_ns: int) -> None:
        if self.mail is not None:
            subject = f"{hotspot}: {notice.key}" + ("" if notice.raised else " is over")
            try:
                await self.mail.send(subject=subject, text=f"{notice.text}\n\n{rfc3339(at_ns)}\n")
            except MailFailed as error:
                raise NotDelivered(str(error)) from None

    async def alive(self) -> None:
        """Tell the dead man's switch that the agent works: somebody else notices when this stops."""
        if self.deadman:
            await _request("GET", self.deadman, {}, None)


def _secret(settings: Settings, setting: Setting[str]) -> bytes:
    place = settings[setting]
    if not place:
        return b""
    try:
        return Path(place).read_bytes().strip()
    except OSError as error:
        raise UserError(
            "E_ALERTS_SECRET", f"{place} cannot be read: {error.strerror}.", remedy=f"Correct {setting.key}."
        ) from error


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
