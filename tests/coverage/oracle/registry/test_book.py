"""The registry: who is admitted, where they are, and since when."""

from pathlib import Path

import h3.api.basic_str as h3
import pytest

from skerry_core.errors import NotFoundError, RefusedError
from skerry_coverage.records import DenylistRecord, sign_record
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.registry.book import Registry
from skerry_oracle.registry.policy import AdmissionPolicy, AllowListPolicy, Fee, FeePolicy, ManualPolicy
from skerry_oracle.store.registry import ADMITTED, PENDING, REFUSED
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import NETWORK, START_S, open_database, place, registration, signer, simulated

HOUR_MS = 3_600_000
CALENDAR = EpochCalendar(length_s=3600, lateness_s=60)
GATEWAY, OWNER, OPERATOR = signer("gateway"), signer("owner"), signer("operator")
HERE = h3.latlng_to_cell(54.1, 12.1, 12)
THERE = h3.latlng_to_cell(54.2, 12.3, 12)


async def open_registry(
    folder: Path, clock: SimulatedClock, policy: AdmissionPolicy | None = None
) -> tuple[Registry, SqliteDatabase]:
    database = await open_database(folder, clock)
    registry = Registry(database, network=NETWORK, calendar=CALENDAR, clock=clock, policy=policy or ManualPolicy())
    await registry.load()
    return registry, database


async def register(registry: Registry) -> str:
    record, by_gateway, by_owner = registration(GATEWAY, OWNER)
    row = await registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
    return row.state


def test_a_hotspot_counts_from_the_moment_a_person_admits_it(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        await clock.sleep(60)
        assert await register(registry) == PENDING
        first, by_owner = place(GATEWAY, OWNER, cell=HERE)
        assert (await registry.assert_location(first, owner_signature=by_owner)).effective_epoch is None
        assert registry.hotspot_at(GATEWAY.public_key, clock.wall_ms()) is None
        await clock.sleep(60)
        await registry.admit(GATEWAY.public_key, by="operator")
        hotspot = registry.hotspot_at(GATEWAY.public_key, clock.wall_ms())
        assert hotspot is not None
        assert hotspot.location is not None
        assert (hotspot.owner, hotspot.location.cell) == (OWNER.public_key, HERE)
        assert registry.hotspot_at(GATEWAY.public_key, clock.wall_ms() - 1) is None
        await database.close()

    simulated(main)


def test_a_moved_hotspot_is_at_its_new_place_from_the_next_epoch_and_history_stays(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        await register(registry)
        await registry.admit(GATEWAY.public_key, by="operator")
        for number, cell in ((1, HERE), (2, THERE)):
            await clock.sleep(10)
            record, by_owner = place(GATEWAY, OWNER, cell=cell, number=number)
            await registry.assert_location(record, owner_signature=by_owner)
        await database.close()
        registry, database = await open_registry(tmp_path, clock)  # the same answers after a restart
        now_ms = clock.wall_ms()
        assert location(registry, START_S * 1000 + 5) is None
        assert location(registry, now_ms) == HERE
        assert location(registry, START_S * 1000 + HOUR_MS) == HERE
        assert location(registry, START_S * 1000 + HOUR_MS + 1) == THERE
        assert [row.cell for row in registry.assertions(GATEWAY.public_key)] == [HERE, THERE]
        await database.close()

    simulated(main)


def location(registry: Registry, moment_ms: int) -> str | None:
    hotspot = registry.hotspot_at(GATEWAY.public_key, moment_ms)
    assert hotspot is not None
    return hotspot.location.cell if hotspot.location else None


def test_assertions_are_numbered_without_gaps_and_repeats_are_harmless(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        await register(registry)
        record, by_owner = place(GATEWAY, OWNER, cell=HERE)
        await registry.assert_location(record, owner_signature=by_owner)
        await registry.assert_location(record, owner_signature=by_owner)
        for number in (1, 3):
            record, by_owner = place(GATEWAY, OWNER, cell=THERE, number=number)
            with pytest.raises(RefusedError, match="E_ASSERTION_NUMBER"):
                await registry.assert_location(record, owner_signature=by_owner)
        assert len(registry.assertions(GATEWAY.public_key)) == 1
        await database.close()

    simulated(main)


def test_bad_signatures_other_networks_and_other_owners_are_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        record, by_gateway, by_owner = registration(GATEWAY, OWNER)
        with pytest.raises(RefusedError, match="gateway's signature"):
            await registry.register(record, gateway_signature=by_owner, owner_signature=by_owner)
        with pytest.raises(RefusedError, match="owner's signature"):
            await registry.register(record, gateway_signature=by_gateway, owner_signature=by_gateway)
        foreign, by_gateway, by_owner = registration(GATEWAY, OWNER, network="other")
        with pytest.raises(RefusedError, match="E_OTHER_NETWORK"):
            await registry.register(foreign, gateway_signature=by_gateway, owner_signature=by_owner)
        await register(registry)
        thief = signer("thief")
        stolen, by_gateway, by_thief = registration(GATEWAY, thief)
        with pytest.raises(RefusedError, match="E_OTHER_OWNER"):
            await registry.register(stolen, gateway_signature=by_gateway, owner_signature=by_thief)
        moved, by_thief = place(GATEWAY, thief, cell=HERE)
        with pytest.raises(RefusedError, match="E_OTHER_OWNER"):
            await registry.assert_location(moved, owner_signature=by_thief)
        with pytest.raises(NotFoundError, match="E_NOT_REGISTERED"):
            await registry.admit(thief.public_key, by="operator")
        await database.close()

    simulated(main)


def test_the_allow_list_admits_its_members_only(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        registry.policy = AllowListPolicy(registry.is_allowed)
        assert await register(registry) == REFUSED
        await registry.allow(GATEWAY.public_key, note="roof of the town hall")
        assert await register(registry) == ADMITTED
        await registry.disallow(GATEWAY.public_key)
        assert await register(registry) == ADMITTED  # an admission stays
        await database.close()

    simulated(main)


def test_fees_are_charged_once_per_record_and_unpaid_ones_refuse(tmp_path: Path) -> None:
    burned: dict[str, int] = {}

    async def charge(fee: Fee) -> None:
        if fee.purpose == "location" and len(burned) == 1:
            burned["tried"] = 0
            raise RefusedError("E_NO_DC", "The owner has no data credits.")
        burned[fee.fee_id] = fee.dc

    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock, FeePolicy(charge))
        assert await register(registry) == ADMITTED
        assert await register(registry) == ADMITTED
        record, by_owner = place(GATEWAY, OWNER, cell=HERE)
        with pytest.raises(RefusedError, match="no data credits"):
            await registry.assert_location(record, owner_signature=by_owner)
        await registry.assert_location(record, owner_signature=by_owner)
        await database.close()

    simulated(main)
    assert sorted(burned.values()) == [0, 1_000_000, 4_000_000]


def test_the_denylist_starts_empty_and_signed_and_its_serial_rises(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        assert registry.denylist_at(clock.wall_ms()) is None
        await registry.ensure_denylist(OPERATOR)
        await registry.ensure_denylist(OPERATOR)
        empty = registry.denylist_at(clock.wall_ms())
        assert empty is not None
        assert (empty.serial, empty.keys) == (0, ())
        await clock.sleep(100)
        record = DenylistRecord(network=NETWORK, serial=4, keys=(GATEWAY.public_key,), made_ms=1)
        signature = sign_record(record, OPERATOR)
        await registry.set_denylist(record, signer=OPERATOR.public_key, signature=signature)
        with pytest.raises(RefusedError, match="E_DENYLIST_SERIAL"):
            await registry.set_denylist(record, signer=OPERATOR.public_key, signature=signature)
        await database.close()
        registry, database = await open_registry(tmp_path, clock)
        now, before = registry.denylist_at(clock.wall_ms()), registry.denylist_at(START_S * 1000 + 1)
        assert now is not None
        assert before is not None
        assert (now.keys, before.keys) == ((GATEWAY.public_key,), ())
        await database.close()

    simulated(main)


def test_an_admitted_hotspot_cannot_be_refused_afterwards(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        registry, database = await open_registry(tmp_path, clock)
        await register(registry)
        await registry.refuse(GATEWAY.public_key, by="operator", reason="unknown person")
        assert registry.registrations()[0].state == REFUSED
        await registry.admit(GATEWAY.public_key, by="operator")
        with pytest.raises(RefusedError, match="E_ALREADY_ADMITTED"):
            await registry.refuse(GATEWAY.public_key, by="operator", reason="too late")
        assert registry.owner_of(GATEWAY.public_key) == OWNER.public_key
        await database.close()

    simulated(main)
