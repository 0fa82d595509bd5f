import asyncio
from pathlib import Path

import pytest

from skerry_agent.alerts.book import BOOK, AlertBook, Condition
from skerry_testing.cli import skerry
from skerry_testing.stores import open_stores


def test_standing_alerts_are_listed_and_maintenance_is_set_and_ended(tmp_path: Path) -> None:
    assert skerry(tmp_path, "alerts", "list", "--json").json == {"standing": {}, "paused_s": 0}

    async def stand() -> None:
        async with open_stores(tmp_path) as stores:
            book = AlertBook()
            book.take([Condition(key="disk", firing=True, text="The disk is 99% full.")], now_ns=0)
            await stores.facts.set(BOOK, book.to_json())

    asyncio.run(stand())
    ran = skerry(tmp_path, "alerts", "list")
    assert (ran.code, "The disk is 99% full." in ran.out) == (5, True)
    assert skerry(tmp_path, "alerts", "pause", "30").code == 0
    assert 1700 < skerry(tmp_path, "alerts", "list", "--json").json["paused_s"] <= 1800
    assert "paused for" in skerry(tmp_path, "alerts", "list").out
    assert skerry(tmp_path, "alerts", "resume").code == 0
    assert skerry(tmp_path, "alerts", "list", "--json").json["paused_s"] == 0
    assert skerry(tmp_path, "alerts", "pause", "0").code == 2


def test_the_test_message_says_why_it_was_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert "E_NO_CHANNEL" in skerry(tmp_path, "alerts", "test").err
    ran = skerry(tmp_path, "--set", "alerts.webhook=http://127.0.0.1:9/x", "alerts", "test")
    assert (ran.code, "E_NOT_DELIVERED" in ran.err) == (1, True)
