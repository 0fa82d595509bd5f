from pathlib import Path

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
