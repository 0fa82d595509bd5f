from datetime import UTC, datetime
from pathlib import Path

import pytest

from skerry_client.models import Job
from skerry_testing.cli import running_agent, skerry


def test_a_job_is_started_watched_and_shown(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        done = skerry(tmp_path, "jobs", "start", "backup", "--json")
        assert (done.code, done.json["state"], done.json["result"]) == (0, "done", {"file": "/x"})
        assert "backup: 100% done" in done.err
        shown = skerry(tmp_path, "jobs", "show", done.json["id"])
        assert "/x" in shown.out
        failed = skerry(tmp_path, "jobs", "start", "speed_test", "--url", "http://x")
        assert (failed.code, "E_SPEED_TEST" in failed.err, "Check the address." in failed.err) == (1, True, True)
        assert (
            "E_SPEED_TEST"
            in skerry(tmp_path, "jobs", "show", skerry(tmp_path, "jobs", "list", "--json").json["items"][0]["id"]).out
        )


def test_a_job_is_started_without_waiting_and_cancelled(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        started = skerry(tmp_path, "jobs", "start", "device_scan", "--no-probe", "--no-wait", "--json").json
        assert started["state"] == "queued"
        assert skerry(tmp_path, "jobs", "cancel", started["id"], "--json").json["state"] == "cancelled"
        assert "cancelled" in skerry(tmp_path, "jobs", "list").out
        assert skerry(tmp_path, "jobs", "show", "none").code == 1


def test_a_wait_that_somebody_ends_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)

    async def cancelled(*_: object, **__: object) -> Job:
        return Job(
            id="j", kind="backup", state="cancelled", progress=0.5, message="cancelled", result=None, problem=None,
            account="local", created=moment, ended=moment,
        )  # fmt: skip

    monkeypatch.setattr("skerry_agent.cli.jobs._run", cancelled)
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "jobs", "start", "backup", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "E_JOB_CANCELLED")


def test_a_speed_test_without_a_server_is_a_wrong_command_line(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "jobs", "start", "speed_test")
    assert (ran.code, "speed_test needs --url" in ran.err) == (2, True)
