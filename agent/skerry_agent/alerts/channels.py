"""Delivers one notice to a webhook (signed JSON) or an ntfy topic. Used by the alert loop and `skerry alerts test`."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path

from skerry_agent.alerts.book import Notice
from skerry_agent.api.present import rfc3339
from skerry_agent.settings import Settings
from skerry_agent.settings.table import ALERTS_DEADMAN, ALERTS_NTFY, ALERTS_SECRET_FILE, ALERTS_WEBHOOK
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

    @classmethod
    def from_settings(cls, settings: Settings) -> "Channels":
        """Read the settings. Raises `UserError` E_ALERTS_SECRET for a secret file that cannot be read."""
        secret = b""
        if place := settings[ALERTS_SECRET_FILE]:
            try:
                secret = Path(place).read_bytes().strip()
            except OSError as error:
                raise UserError(
                    "E_ALERTS_SECRET", f"{place} cannot be read: {error.strerror}.",
                    remedy="Correct alerts.secret_file.",
                ) from error  # fmt: skip
        return cls(
            webhook=settings[ALERTS_WEBHOOK],
            secret=secret,
            ntfy=settings[ALERTS_NTFY],
            deadman=settings[ALERTS_DEADMAN],
        )

    async def send(self, notice: Notice, *, hotspot: str, at_ns: int) -> None:
        """Deliver to every channel. Raises `NotDelivered` unless all took it."""
        if self.webhook:
            state = "raised" if notice.raised else "cleared"
            body = {"key": notice.key, "state": state, "text": notice.text, "hotspot": hotspot, "at": rfc3339(at_ns)}
            raw = json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            if self.secret:
                headers[SIGNATURE] = "sha256=" + hmac.new(self.secret, raw, hashlib.sha256).hexdigest()
            await _request("POST", self.webhook, headers, raw)
        if self.ntfy:
            title = "Skerry" if notice.raised else "Skerry: over"
            await _request("POST", self.ntfy, {"Title": title}, f"{hotspot}: {notice.text}".encode())

    async def alive(self) -> None:
        """Tell the dead man's switch that the agent works: somebody else notices when this stops."""
        if self.deadman:
            await _request("GET", self.deadman, {}, None)


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
