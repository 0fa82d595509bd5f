from dataclasses import replace
from pathlib import Path

import pytest
import sqlite_utils
from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.store import (
    AuditRow,
    BeaconRow,
    DeviceRow,
    OutboxItem,
    OutboxState,
    PacketRow,
    ReportState,
    RewardRow,
    RewardState,
    TokenRow,
    Verdict,
    VerdictRow,
    WitnessRow,
)
from skerry_agent.store.rows import encode, fetch
from skerry_core.errors import UsageError
from skerry_firmware_bridge.duty import DutyEntry
from skerry_testing.stores import open_stores

U64_MAX = (1 << 64) - 1


def packet(number: int, **changes: object) -> PacketRow:
    row = PacketRow(
        id=f"p{number:04}",
        device_id="gwmp:1",
        at_ns=1_000 + number // 2,  # pairs share a time, so that paging needs the id too
        frequency_hz=868_100_000,
        datarate="SF7BW125",
        rssi_dbm=-100,
        snr_ddb=-75,
        crc="ok",
        phy=b"\x40",
        kind="data_up",
        stage="received",
        sent_to=["lns"],
        source="udp 127.0.0.1:1",
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # the tests change any field


def reward(reward_id: str, amount: int, **changes: object) -> RewardRow:
    row = RewardRow(
        id=reward_id,
        network="demo",
        epoch=1,
        at_ns=5,
        hotspot="h",
        owner="o",
        token="demo-IOT",
        amount=amount,
        kind="beacon",
        state=RewardState.PENDING,
        manifest_hash="ab",
        cause={"reports": ["w1"]},
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # the tests change any field


def witness(witness_id: str) -> WitnessRow:
    return WitnessRow(
        id=witness_id,
        hotspot="h",
        device_id="d",
        at_ns=3,
        frequency_hz=868_100_000,
        datarate="SF12BW125",
        rssi_dbm=-110,
        snr_ddb=-50,
        data=b"d",
        report=b"r",
        state=ReportState.QUEUED,
    )


async def test_a_device_keeps_what_its_owner_set_when_seen_again(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        first = DeviceRow(id="d", kind="gwmp", name="AA55", first_seen_ns=1, last_seen_ns=1, details={})
        assert await stores.devices.seen(first) == first
        assert await stores.devices.change("d", name="roof", region="EU868")
        again = await stores.devices.seen(replace(first, first_seen_ns=9, last_seen_ns=9, details={"fw": "2"}))
        assert (again.name, again.region, again.first_seen_ns, again.last_seen_ns) == ("roof", "EU868", 1, 9)
        assert await stores.devices.all() == [again]
        assert await stores.devices.change("unknown", name="x") is None
        assert await stores.devices.get("unknown") is None


async def test_pages_give_every_packet_once_newest_first(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.packets.add([packet(number) for number in range(25)])
        seen: list[str] = []
        cursor = None
        while True:
            page = await stores.packets.page(cursor=cursor, limit=7)
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == [f"p{number:04}" for number in reversed(range(25))]
        assert (await stores.packets.page(device_id="other")).rows == ()


@pytest.mark.parametrize("cursor", ["", "!", "5", "5~", "~x", "-5~x", "5.0~x", "99999999999999999999~x", "٣~x"])
async def test_a_foreign_cursor_is_a_usage_error(tmp_path: Path, cursor: str) -> None:
    async with open_stores(tmp_path) as stores:
        with pytest.raises(UsageError, match="E_CURSOR"):
            await stores.packets.page(cursor=cursor)


async def test_a_packet_that_got_further_replaces_its_row(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.packets.add([packet(1)])
        await stores.packets.add([packet(1, stage="acknowledged")])
        assert await stores.packets.get("p0001") == packet(1, stage="acknowledged")
        assert await stores.packets.count() == 1


async def test_retention_drops_the_oldest_by_age_and_by_count(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.packets.add([packet(number, at_ns=number) for number in range(20)])
        assert await stores.packets.prune(older_than_ns=5, keep_at_most=100) == 5
        assert await stores.packets.prune(older_than_ns=0, keep_at_most=3) == 12
        assert [row.at_ns for row in (await stores.packets.page()).rows] == [19, 18, 17]
        assert await stores.packets.prune(older_than_ns=0, keep_at_most=3) == 0


async def test_a_verdict_changes_the_report_once(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.witnesses.add(witness("w1"))
        await stores.witnesses.add(replace(witness("w1"), rssi_dbm=0))
        verdict = VerdictRow(
            id="w1", verdict=Verdict.INVALID, reason="too_close", rule_set="iot/2024-01", poc_id="p", beaconer="b"
        )
        (changed,) = await stores.witnesses.judge([verdict, replace(verdict, id="foreign")])
        assert (changed.reason, changed.beaconer, changed.rssi_dbm) == ("too_close", "b", -110)
        assert await stores.witnesses.judge([verdict]) == []
        assert await stores.witnesses.counts() == {("invalid", "too_close"): 1}
        assert (await stores.witnesses.page(verdict=Verdict.VALID)).rows == ()
        assert (await stores.witnesses.page(verdict=Verdict.INVALID)).rows == (changed,)


async def test_a_beacon_is_found_by_its_payload(tmp_path: Path) -> None:
    beacon = BeaconRow(
        id="b1",
        hotspot="h",
        device_id="d",
        at_ns=7,
        frequency_hz=1,
        datarate="SF12BW125",
        power_dbm=14,
        data=b"payload",
        report=b"r",
        state=ReportState.QUEUED,
    )
    async with open_stores(tmp_path) as stores:
        assert await stores.beacons.last_at_ns("h") is None
        await stores.beacons.add(beacon)
        await stores.beacons.set_state("b1", ReportState.DELIVERED)
        assert await stores.beacons.by_data(b"payload") == [replace(beacon, state=ReportState.DELIVERED)]
        assert await stores.beacons.by_data(b"other") == []
        assert await stores.beacons.last_at_ns("h") == 7
        assert await stores.beacons.get("b1") is not None


def item(item_id: str, **changes: object) -> OutboxItem:
    return replace(
        OutboxItem(id=item_id, class_="witness", body=b"m", created_ns=10, deadline_ns=100),
        **changes,  # type: ignore[arg-type]  # the tests change any field
    )


async def test_the_outbox_sends_an_id_once_until_it_is_settled(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        assert await stores.outbox.put(item("a"))
        assert not await stores.outbox.put(item("a", body=b"other"))
        (due,) = await stores.outbox.due(20)
        assert due == item("a")
        await stores.outbox.retry("a", next_try_ns=50, reason="no route")
        assert await stores.outbox.due(49) == []
        assert await stores.outbox.next_due_ns() == 50
        (due,) = await stores.outbox.due(50)
        assert (due.attempts, due.reason) == (1, "no route")
        await stores.outbox.settle("a", OutboxState.DELIVERED, now_ns=51)
        await stores.outbox.settle("a", OutboxState.REFUSED, now_ns=52, reason="late")
        settled = await stores.outbox.get("a")
        assert settled is not None
        assert (settled.state, settled.attempts, settled.reason) == (OutboxState.DELIVERED, 2, None)
        assert not await stores.outbox.put(item("a"))
        assert await stores.outbox.next_due_ns() is None


async def test_an_item_past_its_deadline_is_overdue_until_it_is_settled(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.outbox.put(item("a"))
        await stores.outbox.put(item("b"))
        (backlog,) = await stores.outbox.backlog()
        assert (backlog.class_, backlog.waiting, backlog.oldest_ns) == ("witness", 2, 10)
        await stores.outbox.retry("a", next_try_ns=90, reason="no route")
        assert await stores.outbox.due(100) == []
        assert [(one.id, one.reason) for one in await stores.outbox.overdue(100)] == [("a", "no route"), ("b", None)]
        for name in ("a", "b"):
            await stores.outbox.settle(name, OutboxState.EXPIRED, now_ns=100, reason="deadline")
        expired = await stores.outbox.get("a")
        assert expired is not None
        assert (expired.state, expired.attempts, expired.reason) == (OutboxState.EXPIRED, 1, "deadline")
        assert await stores.outbox.overdue(100) == []
        assert await stores.outbox.prune(settled_before_ns=101) == 2
        assert await stores.outbox.get("a") is None


async def test_the_outbox_survives_reopening(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.outbox.put(item("a"))
    async with open_stores(tmp_path) as stores:
        assert await stores.outbox.due(20) == [item("a")]


async def test_the_duty_ledger_looks_back_and_forgets_what_no_limit_needs(tmp_path: Path) -> None:
    rows = [DutyEntry(device_id="d", band="g1", start_ns=start, airtime_us=900) for start in (1, 5, 9)]
    async with open_stores(tmp_path) as stores:
        for row in rows:
            await stores.duty.add(row)
        assert await stores.duty.since(5) == rows[1:]
        assert await stores.duty.prune(before_ns=5) == 1
        assert await stores.duty.since(0) == rows[1:]


async def test_rewards_beyond_signed_64_bit_are_kept_and_added_exactly(tmp_path: Path) -> None:
    async with open_stores(tmp_path) as stores:
        await stores.rewards.put([reward("r1", U64_MAX), reward("r2", U64_MAX)])
        await stores.rewards.put([reward("r2", U64_MAX, state=RewardState.PAID, transaction="sig")])
        assert await stores.rewards.totals() == {("demo-IOT", "pending"): U64_MAX, ("demo-IOT", "paid"): U64_MAX}
        assert await stores.rewards.get("r1") == reward("r1", U64_MAX)
        assert len((await stores.rewards.page(hotspot="h")).rows) == 2
        assert (await stores.rewards.page(hotspot="x")).rows == ()


async def test_a_revoked_token_is_no_longer_found(tmp_path: Path) -> None:
    token = TokenRow(id="t", name="laptop", scopes=["read"], hash=b"h" * 32, created_ns=1)
    async with open_stores(tmp_path) as stores:
        await stores.tokens.add(token)
        await stores.tokens.used("t", at_ns=5)
        assert await stores.tokens.by_hash(b"h" * 32) == replace(token, last_used_ns=5)
        assert await stores.tokens.revoke("t", at_ns=6)
        assert not await stores.tokens.revoke("t", at_ns=7)
        assert await stores.tokens.by_hash(b"h" * 32) is None
        assert [row.revoked_ns for row in await stores.tokens.all()] == [6]


async def test_facts_and_audit_lines_are_kept(tmp_path: Path) -> None:
    line = AuditRow(id="a", at_ns=1, account="local", source="unix", action="token.create", target="t", outcome="ok")
    async with open_stores(tmp_path) as stores:
        assert await stores.facts.get("boot_id") is None
        await stores.facts.set("boot_id", "1")
        await stores.facts.set("boot_id", "2")
        await stores.audit.add(line)
    async with open_stores(tmp_path) as stores:
        assert await stores.facts.get("boot_id") == "2"
        assert (await stores.audit.page()).rows == (line,)
        assert await stores.audit.prune(before_ns=2) == 1


@given(amount=st.integers(0, U64_MAX), transaction=st.none() | st.text(), state=st.sampled_from(RewardState))
def test_a_row_comes_back_as_it_went_in(amount: int, transaction: str | None, state: RewardState) -> None:
    row = reward("r", amount, transaction=transaction, state=state)
    db = sqlite_utils.Database(memory=True)
    db.table("rewards").insert(encode(row))
    assert fetch(db, RewardRow, "SELECT * FROM rewards") == [row]
    db.close()
