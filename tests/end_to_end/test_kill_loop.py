"""`kill -9` at random moments of a working agent: nothing acknowledged is lost, nothing doubled, nothing paid twice."""

from pathlib import Path

from skerry_testing.kill_loop import run_kill_loop

KILLS = 20


async def test_twenty_kills_under_load_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    report = await run_kill_loop(tmp_path, kills=KILLS, seed=7)
    assert report.problems == []
    assert report.kills == KILLS
    # The run did something: frames, reports, receipts and changes were acknowledged, epochs were paid.
    assert len(report.packets) > 100, report
    assert len(report.receipts) > 20, report
    assert report.names_set > KILLS, report
    assert report.epochs_paid > 5, report
    assert report.paid_units > 0, report
    assert report.burned > 0, report
