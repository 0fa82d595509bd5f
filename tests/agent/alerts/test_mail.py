"""Alerts by e-mail, to a real SMTP conversation on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from skerry_agent.alerts.book import Notice
from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
from skerry_agent.alerts.mail import Mail, MailFailed
from skerry_agent.settings import load
from skerry_core.errors import UsageError

SENDER = Sender(name="calm-teal-otter", address="h1")
NOTICE = Notice(key="device d1", raised=True, text="d1: unplugged")


class MailServer:
    """Takes messages as RFC 5321 says; `refuses` answers every recipient with 550."""

    def __init__(self) -> None:
        self.refuses = False
        self.messages: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 taken\r\n")
                case b"RCPT" if self.refuses:
                    writer.write(b"550 nobody of that name\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 yes\r\n")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[MailServer, str]]:
    found = MailServer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with server:
        yield found, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def mail(server: str) -> Mail:
    return Mail(server=server, sender="agent@example.org", receivers=("owner@example.org", "b@example.org"))


async def test_a_notice_arrives_with_subject_and_text() -> None:
    async with mail_server() as (server, address):
        await Channels(mail=mail(address)).send(NOTICE, hotspot=SENDER, at_ns=0)
    (message,) = server.messages
    assert b"Subject: calm-teal-otter: device d1\r\n" in message
    assert b"To: owner@example.org, b@example.org\r\n" in message
    assert b"d1: unplugged\r\n" in message


async def test_a_refusal_and_a_dead_server_are_said_without_the_conversation() -> None:
    async with mail_server() as (server, address):
        server.refuses = True
        with pytest.raises(MailFailed, match="SMTPRecipientsRefused") as refused:
            await mail(address).send(subject="s", text="t")
        assert "nobody" not in str(refused.value)
    with pytest.raises(NotDelivered, match="ConnectionRefusedError"):
        await Channels(mail=mail(address)).send(NOTICE, hotspot=SENDER, at_ns=0)


async def test_a_line_break_in_an_alert_makes_no_second_header() -> None:
    async with mail_server() as (server, address):
        await mail(address).send(subject="a\r\nBcc: c@example.org", text="t")
    (message,) = server.messages
    assert b"Subject: a??Bcc: c@example.org\r\n" in message
    assert b"\nBcc:" not in message


async def test_a_broken_channel_does_not_repeat_the_notice_in_the_others() -> None:
    async with mail_server() as (server, address):
        channels, taken = Channels(mail=mail(address), ntfy="http://127.0.0.1:1/topic"), set[str]()
        for _ in range(3):
            with pytest.raises(NotDelivered, match=r"127\.0\.0\.1:1"):
                await channels.send(NOTICE, hotspot=SENDER, at_ns=0, taken=taken)
        assert len(server.messages) == 1


def test_half_an_account_is_refused_and_the_password_stays_out_of_sight(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="belong together"):
        Channels.from_settings(load(file=None, environ={}, flags={"alerts.mail_server": "mail.example.org:587"}))
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    flags = {
        "alerts.mail_server": "mail.example.org:587", "alerts.mail_from": "a@example.org",
        "alerts.mail_to": "b@example.org", "alerts.mail_password_file": str(file),
    }  # fmt: skip
    channels = Channels.from_settings(load(file=None, environ={}, flags=flags))
    assert channels.mail is not None
    assert channels.mail.password == "hunter2"
    assert "hunter2" not in repr(channels)
