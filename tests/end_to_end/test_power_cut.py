"""A power cut at every sync of a working operator: what was acknowledged is there, and no epoch is paid twice."""

from pathlib import Path

import pytest

from skerry_testing.power import NotObservable
from skerry_testing.power_loop import run_power_cuts

FULL_CHECKS = 12  # how many of the folders are opened by a whole operator that goes on paying; all are in `./dev soak`


def test_a_power_cut_at_every_sync_loses_nothing_acknowledged_and_pays_nothing_twice(tmp_path: Path) -> None:
    try:
        report = run_power_cuts(tmp_path, full_checks=FULL_CHECKS)
    except NotObservable:
        pytest.skip("this Python has SQLite built in: its syncs cannot be observed")
    assert report.problems == []
    assert report.boundaries > 50, report
    assert report.continued >= FULL_CHECKS // 2, report
    assert report.acknowledged >= 12, report
