"""What the jobs really do."""

import json
import tarfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from skerry_agent.jobs.board import Prepare
from skerry_agent.jobs.kinds import MAX_FILES, JobKinds
from skerry_agent.jobs.progress import Progress
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_core.clock import SystemClock
from skerry_core.errors import RefusedError, UsageError, UserError
from skerry_testing.api import Served, fill, serve_api

FLAGS = {"alerts.ntfy": "https://ntfy.sh/private-topic", "forward.http": "https://lns.example.org/private-topic"}


@dataclass(slots=True)
class Watched:
    """What a job told of itself."""

    steps: list[tuple[float, str]] = field(default_factory=list)

    def progress(self) -> Progress:
        return Progress(lambda fraction, words: self.steps.append((fraction, words)))


@asynccontextmanager
async def kinds(folder: Path) -> AsyncIterator[tuple[Served, dict[str, Prepare]]]:
    async with serve_api(folder) as served:
        await fill(served)
        found = JobKinds(
            paths=served.paths, settings=load(file=None, environ={}, flags=FLAGS),
            stores=served.stores, view=served.view, clock=SystemClock(), random=seeded_randomness("x"),
        )  # fmt: skip
        yield served, found.all()


async def test_a_backup_lies_in_a_folder_of_the_agents_own(tmp_path: Path) -> None:
    watched = Watched()
    async with kinds(tmp_path) as (served, found):
        result = await found["backup"]({})(watched.progress())
        file = Path(result["file"])
        assert file.parent == served.paths.state / "backups"
        assert file.stat().st_mode & 0o777 == 0o600
        with tarfile.open(file) as archive:
            assert set(archive.getnames()) == set(result["parts"]) >= {"skerry.db", "telemetry.db", "backup.json"}
        await SystemClock().sleep(0)
        assert "skerry.db" in {words for _, words in watched.steps}
        assert watched.steps[-1][0] == 1.0


async def test_a_client_cannot_fill_the_disk_with_backups(tmp_path: Path) -> None:
    async with kinds(tmp_path) as (served, found):
        folder = served.paths.state / "backups"
        folder.mkdir(exist_ok=True)
        for number in range(MAX_FILES):
            (folder / f"{number}.tar.gz").touch()
        with pytest.raises(RefusedError, match="E_JOB_FILES"):
            found["backup"]({})


async def test_a_disk_that_takes_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skerry_agent.support.write_backup", full)
    async with kinds(tmp_path) as (_, found):
        with pytest.raises(UserError, match=r"No space left.*E_JOB_FILE"):
            await found["backup"]({})(Watched().progress())


async def test_a_support_file_tells_the_state_and_no_secret(tmp_path: Path) -> None:
    async with kinds(tmp_path) as (served, found):
        result = await found["support_file"]({})(Watched().progress())
        with tarfile.open(result["file"]) as archive:
            texts = {name: _read(archive, name) for name in archive.getnames()}
        assert json.loads(texts["status.json"])["summary"] == served.view.status().summary
        assert json.loads(texts["devices.json"])[0]["state"] == "up"
        everything = "".join(texts.values())
        assert served.token not in everything
        assert "private-topic" not in everything


def _read(archive: tarfile.TarFile, name: str) -> str:
    stream = archive.extractfile(name)
    assert stream is not None
    return stream.read().decode()


async def test_a_scan_lists_the_ports_and_looks_for_emulators_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def folder() -> Path:
        threads.append(threading.get_ident())
        return tmp_path

    monkeypatch.setattr("skerry_firmware_bridge.discovery.announced.announcement_folder", folder)
    async with kinds(tmp_path) as (_, found):
        result = await found["device_scan"]({"probing": False})(Watched().progress())
        assert isinstance(result["devices"], list)
    assert threads
    assert threading.get_ident() not in threads


async def test_a_speed_test_measures_within_its_budget_and_says_how_far_it_is(tmp_path: Path) -> None:
    async def download(request: web.Request) -> web.Response:
        return web.Response(body=bytes(int(request.query["bytes"])))

    async def upload(request: web.Request) -> web.Response:
        async for _ in request.content.iter_any():
            pass
        return web.Response()

    async def latency(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_route("HEAD", "/", latency)
    app.router.add_get("/download", download)
    app.router.add_post("/upload", upload)
    watched = Watched()
    async with TestServer(app) as server, kinds(tmp_path) as (_, found):
        url = str(server.make_url("/"))
        result = await found["speed_test"]({"url": url, "budget_mb": 20, "limit_s": 2})(watched.progress())
        assert result["bytes_used"] <= 20_000_000
        assert result["download_bytes_s"] > 0
        await SystemClock().sleep(0)
    assert {words for _, words in watched.steps} == {"latency", "download", "upload"}


async def test_a_speed_test_without_a_server_says_what_to_do(tmp_path: Path, unused_tcp_port: int) -> None:
    async with kinds(tmp_path) as (_, found):
        with pytest.raises(UserError, match="E_SPEED_TEST") as caught:
            await found["speed_test"]({"url": f"http://127.0.0.1:{unused_tcp_port}"})(Watched().progress())
        assert caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "wishes"),
    [
        ("backup", {"file": "/x"}),
        ("support_file", {"probing": True}),
        ("device_scan", {"probing": 1}),
        ("speed_test", {}),
        ("speed_test", {"url": "file:///etc/passwd"}),
        ("speed_test", {"url": "http://me:pw@host"}),
        ("speed_test", {"url": "http://host/\r\nX: y"}),
        ("speed_test", {"url": "http://host", "budget_mb": 0}),
        ("speed_test", {"url": "http://host", "budget_mb": 10_001}),
        ("speed_test", {"url": "http://host", "limit_s": True}),
        ("speed_test", {"url": "http://host", "limit_s": 1.5}),
    ],
)
async def test_wrong_wishes_are_named(tmp_path: Path, kind: str, wishes: dict[str, Any]) -> None:
    async with kinds(tmp_path) as (_, found):
        with pytest.raises(UsageError, match="E_JOB"):
            found[kind](wishes)
