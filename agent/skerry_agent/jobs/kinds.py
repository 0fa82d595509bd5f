"""The kinds of jobs: backup, support file, device scan, speed test. Handed to the job board by the composition root.

No client names a file: what is written goes into folders of the agent's own, and its path is the result.
"""

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skerry_agent.api.live import live_device
from skerry_agent.api.present import present
from skerry_agent.api.view import AgentView
from skerry_agent.jobs.board import Prepare, Work
from skerry_agent.jobs.progress import Progress
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.settings import Settings
from skerry_agent.store import Stores
from skerry_agent.store.rows import JsonObject
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_core.errors import RefusedError, UsageError, UserError

__all__ = ["JobKinds"]

MAX_FILES = 10  # a client must not be able to fill the disk
BYTES_PER_MB = 1_000_000
MAX_BUDGET_MB, MAX_LIMIT_S = 10_000, 600
DEFAULT_BUDGET_MB, DEFAULT_LIMIT_S = 20, 10
URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,100})?")


class JobKinds:
    """What the jobs need of the agent; `all()` are its kinds by name."""

    def __init__(
        self, *, paths: Paths, settings: Settings, stores: Stores, view: AgentView, clock: Clock, random: Randomness
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._stores = stores
        self._view = view
        self._clock = clock
        self._random = random

    def all(self) -> dict[str, Prepare]:
        """Return the kinds by name."""
        return {
            "backup": self.backup,
            "device_scan": self.device_scan,
            "speed_test": self.speed_test,
            "support_file": self.support_file,
        }

    def backup(self, wishes: Mapping[str, Any]) -> Work:
        """Write databases, keys and settings to one file. Raises `UsageError`, `RefusedError` E_JOB_FILES."""
        _only(wishes)
        target = self._new_file("backups", "backup")

        async def work(progress: Progress) -> JsonObject:
            from skerry_agent.support import write_backup

            made_s = self._clock.wall_s()
            names = await _in_thread(lambda: write_backup(self._paths, target, now_s=made_s, step=progress))
            return {"file": str(target), "parts": names}

        return work

    def support_file(self, wishes: Mapping[str, Any]) -> Work:
        """Write what a helper needs to know, without secrets. Raises `UsageError`, `RefusedError` E_JOB_FILES."""
        _only(wishes)
        target = self._new_file("support", "support")

        async def work(progress: Progress) -> JsonObject:
            from skerry_agent.support import machine_parts, write_support_file

            progress(0.1, "looking at the machine")
            parts = await _in_thread(lambda: machine_parts(self._paths, self._settings, os.environ))
            progress(0.5, "asking the agent")
            parts |= await self._own_parts()
            progress(0.8, "writing")
            sizes = await _in_thread(lambda: write_support_file(target, parts))
            return {"file": str(target), "parts": sizes}

        return work

    def device_scan(self, wishes: Mapping[str, Any]) -> Work:
        """Look at every port; `probing` false sends nothing to them. Raises `UsageError`."""
        _only(wishes, "probing")
        probing = wishes.get("probing", True)
        if not isinstance(probing, bool):
            raise _wrong("probing is true or false")

        async def work(progress: Progress) -> JsonObject:
            from skerry_agent.runtime.attached import surroundings
            from skerry_agent.runtime.look_around import known_devices
            from skerry_firmware_bridge.discovery.announced import announcement_folder, scan_lock
            from skerry_firmware_bridge.discovery.scan import Scope, scan

            progress(0.0, "asking every port" if probing else "listing ports")
            known = known_devices((device.id, device.values) for device in self._view.devices().values())
            folder = await asyncio.to_thread(announcement_folder)
            found = await scan(
                Scope(probing=probing, known=known),
                around=surroundings(self._clock, self._random.random),
                announced=folder,
                lock=scan_lock(folder),
                on_progress=progress,
            )
            return {"devices": [device.to_json() for device in found]}

        return work

    def speed_test(self, wishes: Mapping[str, Any]) -> Work:
        """Measure the connection to `url` with at most `budget_mb`, `limit_s` per direction. Raises `UsageError`."""
        _only(wishes, "url", "budget_mb", "limit_s")
        url = wishes.get("url")
        if not (isinstance(url, str) and URL.fullmatch(url)):
            raise _wrong("url is the http address of a speed-test server")
        budget_mb = _count(wishes, "budget_mb", DEFAULT_BUDGET_MB, MAX_BUDGET_MB)
        limit_s = _count(wishes, "limit_s", DEFAULT_LIMIT_S, MAX_LIMIT_S)

        async def work(progress: Progress) -> JsonObject:
            from skerry_firmware_bridge.speed_test import SpeedTestFailed, SpeedTestSettings, run_speed_test

            budget = budget_mb * BYTES_PER_MB
            settings = SpeedTestSettings(url=url, budget_bytes=budget, direction_limit_s=float(limit_s))
            try:
                result = await run_speed_test(
                    settings,
                    clock=self._clock,
                    on_progress=lambda step, used: progress(min(used / budget, 1.0), step.value),
                )
            except SpeedTestFailed as error:
                raise UserError(
                    "E_SPEED_TEST", f"Nothing was measured: {error}.", remedy="Check the address and the connection."
                ) from error
            return asdict(result)

        return work

    async def _own_parts(self) -> dict[str, Any]:
        live = self._view.devices()
        rows = await self._stores.devices.all()
        return {
            "status.json": present(self._view.status()),
            "devices.json": [present(row) | present(live_device(row, live)) for row in rows],
            "packets.json": [present(row) for row in (await self._stores.packets.page(limit=100)).rows],
            "outbox.json": [present(one) for one in await self._stores.outbox.backlog()],
        }

    def _new_file(self, folder_name: str, what: str) -> Path:
        folder = self._paths.state / folder_name
        folder.mkdir(mode=0o700, exist_ok=True)
        if len(list(folder.glob("*.tar.gz"))) >= MAX_FILES:
            raise RefusedError(
                "E_JOB_FILES", f"There are {MAX_FILES} files in {folder} already.",
                remedy="Move the old ones away.", params={"folder": str(folder)},
            )  # fmt: skip
        moment = datetime.fromtimestamp(self._clock.wall_s(), UTC)
        return folder / f"skerry-{what}-{moment:%Y%m%dT%H%M%SZ}.tar.gz"


async def _in_thread(work: Callable[[], Any]) -> Any:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise UserError(
            "E_JOB_FILE", f"The file was not written: {error.strerror or error}.",
            remedy="Free some space, or check who owns the state folder.",
        ) from error  # fmt: skip


def _only(wishes: Mapping[str, Any], *known: str) -> None:
    unknown = wishes.keys() - set(known)
    if unknown:
        raise _wrong(f"it takes {', '.join(known) or 'no options'}, not {', '.join(sorted(unknown))}")


def _count(wishes: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = wishes.get(name, default)
    if isinstance(value, float) and value.is_integer():  # 20.0 is a whole number in JSON
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise _wrong(f"{name} is a whole number from 1 to {most}")
    return value


def _wrong(finding: str) -> UsageError:
    remedy = "What each job takes: skerry jobs start --help, or /docs of the API."
    return UsageError("E_JOB", f"This job cannot be started: {finding}.", remedy=remedy)
