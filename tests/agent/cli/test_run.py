"""`skerry run` as a child process: what a headless user sees in the first minute."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skerry_testing.cli import skerry

FREE = ["--set", "api.port=0", "--set", "gwmp.listen=127.0.0.1:0"]


@contextmanager
def started(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """Run an agent in a folder; yields it with the four lines that it prints."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(folder / "home")}
    command = [sys.executable, "-m", "skerry_agent.cli", "run", "--dir", str(folder), *FREE]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ)
    with child:
        assert child.stdout is not None
        try:
            yield child, [child.stdout.readline() for _ in range(4)]
        finally:
            child.kill()


def get(address: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_new_folder_gets_a_running_agent_and_everything_stays_inside(tmp_path: Path) -> None:
    home = tmp_path / "agent"
    with started(home) as (child, lines):
        assert lines[0].startswith("API         http://127.0.0.1:")
        assert lines[1] == f"token file  {home}/api.token\n"
        assert "nothing will be paid" in lines[3]
        api = lines[0].split()[1]
        token = {"Authorization": f"Bearer {Path(lines[1].split()[2]).read_text().strip()}"}
        status, body = get(f"{api}/status", **token)
        assert (status, body["operator"]["is_set"]) == (200, False)
        assert get(f"{api}/status")[0] == 401
        assert get(f"{api}/status", **token, Host="evil.example")[0] == 403
        assert get(api.removesuffix("/api/v1") + "/healthz") == (200, {"status": "ok"})
        assert skerry(home, "status").code == 5
        second = skerry(home, *FREE, "run")
        assert (second.code, "E_RUNNING" in second.err) == (5, True)
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
    assert not (home / "api.token").exists()
    assert not (home / "api.sock").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["agent"]
    assert not any(path.stat().st_mode & 0o077 for path in home.rglob("*") if path.is_file())


def test_after_kill_9_it_starts_again_as_the_same_hotspot_with_rising_event_ids(tmp_path: Path) -> None:
    hotspots, ids = set(), []
    for _ in range(2):
        with started(tmp_path) as (child, lines):
            hotspots.add(lines[2])
            ids.append(skerry(tmp_path, "status", "--json").json["last_event_id"])
            child.kill()
            child.wait(5)
    assert len(hotspots) == 1
    assert ids[1] > ids[0]


def test_a_start_that_cannot_succeed_says_why_in_one_line(tmp_path: Path) -> None:
    with started(tmp_path / "a") as (_, lines):
        port = lines[0].rpartition(":")[2].partition("/")[0]
        ran = skerry(
            tmp_path / "b", "--set", f"api.port={port}", "--set", "gwmp.listen=",
            "--set", "devices.attached=modem:/dev/skerry-none", "run",
        )  # fmt: skip
        assert (ran.code, "E_LISTEN" in ran.err) == (5, True)
        assert "never awaited" not in ran.err
        assert "while attempting" not in ran.err
    file = tmp_path / "a" / "skerry.db"
    file.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    file.with_name("skerry.db-wal").unlink(missing_ok=True)  # a killed agent's log would repair the file
    ran = skerry(tmp_path / "a", *FREE, "run")
    assert (ran.code, "E_DB_CORRUPT" in ran.err) == (1, True)


def test_hangup_and_config_reload_take_settings_over_and_name_what_waits(tmp_path: Path) -> None:
    with started(tmp_path) as (child, lines):
        metrics = lines[0].split()[1].replace("/api/v1", "/metrics")
        assert get(metrics)[0] == 401
        skerry(tmp_path, "config", "set", "api.metrics_open", "true")
        skerry(tmp_path, "config", "set", "beacon.interval_s", "7200")
        ran = skerry(tmp_path, "config", "reload", "--json")
        assert (ran.code, ran.json["applied"], ran.json["restart"]) == (0, ["api.metrics_open"], ["beacon.interval_s"])
        with urllib.request.urlopen(metrics, timeout=10) as answer:
            assert b"skerry_uptime_seconds" in answer.read()
        skerry(tmp_path, "config", "set", "alerts.quiet_hours", "never")
        wrong = skerry(tmp_path, "config", "reload", "--json")
        assert (wrong.code, wrong.json["error"]["code"]) == (2, "E_QUIET_HOURS")
        skerry(tmp_path, "config", "set", "alerts.quiet_hours", "22:00-07:00")
        skerry(tmp_path, "config", "set", "api.metrics_open", "false")
        child.send_signal(signal.SIGHUP)
        log = tmp_path / "skerry.log"
        assert any("applied: api.metrics_open, alerts.quiet_hours" in line for line in follow(log))
        assert get(metrics)[0] == 401
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0


def follow(file: Path) -> Iterator[str]:
    """Yield the lines of a log as they come; a test that waits in vain ends by the tests' own limit."""
    with file.open() as stream:
        while True:
            if line := stream.readline():
                yield line
            else:
                os.sched_yield()
