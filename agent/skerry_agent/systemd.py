"""Tells systemd that the agent is ready, alive or stopping (Type=notify, WatchdogSec). Does nothing elsewhere."""

import os
import socket
from collections.abc import Mapping

from skerry_core.clock import Clock

__all__ = ["Systemd"]

US_PER_S = 1_000_000


class Systemd:
    """The notification socket of this service."""

    def __init__(self, *, environ: Mapping[str, str], clock: Clock) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._clock = clock
        for_us = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
        limit = environ.get("WATCHDOG_USEC", "")
        self._limit_us = int(limit) if for_us and limit.isdecimal() else 0

    def ready(self, status: str) -> None:
        """Say that the start is finished; `status` is shown by `systemctl status`."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def stopping(self) -> None:
        """Say that the agent is ending."""
        self._send("STOPPING=1")

    async def watch(self) -> None:
        """Report life twice per limit for ever: a blocked event loop is restarted. Returns when no limit is set."""
        while self._address and self._limit_us:
            self._send("WATCHDOG=1")
            await self._clock.sleep(self._limit_us / US_PER_S / 2)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.setblocking(False)
                notify.sendto(message.encode(), address)
        except OSError:
            return  # a missing service manager must never stop the agent


def _one_line(text: str) -> str:
    return " ".join(text.split())
