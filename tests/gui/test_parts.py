"""The parts without windows: operations, places, sums."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skerry_client.errors import ClientError, NotReachable
from skerry_client.models import Reward
from skerry_gui.operation import AgentOp
from skerry_gui.place import Access, FixedPlace, FolderPlace
from skerry_gui.sums import by_epoch, totals

REWARD = Reward(
    id="r1", network="demo", epoch=1, at=datetime(2026, 1, 1, tzinfo=UTC), hotspot="h", owner="o", token="demo-IOT",
    amount=(1 << 63), kind="witness", state="paid", manifest_hash="ab", transaction=None, cause={},
)  # fmt: skip


def test_an_operation_tells_success_or_failure_once() -> None:
    told: list[object] = []
    op: AgentOp[int] = AgentOp(abort=lambda: told.append("aborted"))
    op.success(told.append).failure(told.append)
    op.finish(7)
    op.finish(NotReachable("later"))
    op.cancel()
    assert told == [7]
    error: ClientError = NotReachable("gone")
    failing: AgentOp[int] = AgentOp(abort=lambda: None)
    failing.success(told.append).failure(told.append)
    failing.finish(error)
    assert told == [7, error]


def test_a_cancelled_operation_tells_nothing() -> None:
    told: list[object] = []
    op: AgentOp[int] = AgentOp(abort=lambda: told.append("aborted"))
    op.success(told.append).failure(told.append)
    op.cancel()
    op.finish(7)
    assert told == ["aborted"]


def test_a_folder_without_an_agent_is_not_reachable(tmp_path: Path) -> None:
    with pytest.raises(NotReachable, match="no agent runs in"):
        FolderPlace.of(tmp_path).read()
    (tmp_path / "api.address").write_bytes(b"\xff\xfe")
    with pytest.raises(NotReachable, match="cannot be read"):
        FolderPlace.of(tmp_path).read()


def test_a_token_is_not_shown_by_repr() -> None:
    assert "skr_secret" not in repr(Access(address="http://127.0.0.1:1", token="skr_secret"))
    assert FixedPlace("http://127.0.0.1:1/", "skr_secret").read().address == "http://127.0.0.1:1"


def test_sums_are_exact_and_never_mix_what_is_paid_with_what_is_pending() -> None:
    rows = [
        REWARD,
        replace(REWARD, id="r2", amount=1, state="pending"),
        replace(REWARD, id="r3", epoch=2, token="demo-HNT", amount=5),
    ]
    assert totals(rows) == {("demo-HNT", "paid"): 5, ("demo-IOT", "paid"): 1 << 63, ("demo-IOT", "pending"): 1}
    assert [(one.epoch, one.token, one.amount, one.shares, one.states) for one in by_epoch(rows)] == [
        (2, "demo-HNT", 5, 1, ("paid",)),
        (1, "demo-IOT", (1 << 63) + 1, 2, ("paid", "pending")),
    ]
