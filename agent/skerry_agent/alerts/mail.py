"""Delivers one alert by e-mail. Used by the alert channels; smtplib blocks, so it runs in a thread."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from skerry_core.errors import SkerryError, UsageError

__all__ = ["Mail", "MailFailed"]

STEP_LIMIT_S = 15.0  # of each exchange with the server
TLS_PORT = 465
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailFailed(SkerryError):
    """The server did not take the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail account and who is told."""

    server: str
    sender: str
    receivers: tuple[str, ...]
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raise `UsageError` E_MAIL for settings that cannot work."""
        host, _, port = self.server.rpartition(":")
        if not (host and port.isdecimal() and self.sender and self.receivers):
            raise UsageError(
                "E_MAIL",
                "alerts.mail_server, alerts.mail_from and alerts.mail_to belong together.",
                remedy="Write the server like mail.example.org:587.",
            )

    async def send(self, *, subject: str, text: str) -> None:
        """Send one message. Raises `MailFailed`; never without encryption, except to this machine."""
        message = EmailMessage()
        # Names of devices come from outside.
        message["Subject"] = "".join(one if one.isprintable() else "?" for one in subject)
        message["From"], message["To"] = self.sender, ", ".join(self.receivers)
        message.set_content(text)
        try:
            await asyncio.to_thread(self._deliver, message)
        except (OSError, smtplib.SMTPException, ValueError) as error:  # the text may quote the conversation
            raise MailFailed(f"{self.server}: {type(error).__name__}") from None

    def _deliver(self, message: EmailMessage) -> None:
        host, _, port = self.server.rpartition(":")
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, int(port), timeout=STEP_LIMIT_S, context=context)
            if int(port) == TLS_PORT
            else smtplib.SMTP(host, int(port), timeout=STEP_LIMIT_S)
        ) as server:
            if int(port) != TLS_PORT and host not in LOOPBACK:
                server.starttls(context=context)
            if self.password:
                server.login(self.sender, self.password)
            server.send_message(message)
