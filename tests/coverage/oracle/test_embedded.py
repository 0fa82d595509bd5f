"""The whole oracle in one process, on simulated time: reports in, verdicts, shares, manifest, payment out."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import h3.api.basic_str as h3
import pytest

from skerry_keys.signer import evidence_message
from skerry_keys.verify import verify
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import EpochState, PayoutOrder
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import (
    NETWORK,
    START_S,
    OncePayer,
    make_oracle,
    place,
    registration,
    signer,
    simulated,
    witness_report,
)
from skerry_testing.village import Village
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1
from skerry_wire.signing import sign_message
from skerry_wire.sink import Entropy, SinkRefused, SinkUnavailable

EPOCH = START_S // 43_200


async def run_epoch(oracle: EmbeddedOracle, clock: SimulatedClock, village: Village, *, rounds: int = 2) -> None:
    """Live through the first epoch with the oracle's own loop running, and wait for its close."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(oracle.run())
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle), rounds=rounds)
        await oracle.close_epoch(EPOCH)
        running.cancel()


def test_a_clock_that_jumps_ahead_closes_no_epoch_and_receives_no_report(tmp_path: Path) -> None:
    payer, right = OncePayer(), [True]

    async def main(clock: SimulatedClock) -> None:
        database = SqliteDatabase(tmp_path / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock, payer=payer, is_time_known=lambda: right[0])
        await oracle.open()
        village = Village(2)
        await village.join(oracle.registry)
        running = asyncio.get_running_loop().create_task(oracle.run())
        await clock.sleep(60)
        right[0] = False
        clock.jump_wall(365 * 86_400)
        with pytest.raises(SinkUnavailable, match="clock is not right"):
            await oracle.ingest.submit("witness", witness_report(village.people[0].gateway), peer="somebody")
        assert await oracle.advance() == 0
        await clock.sleep(7200)
        clock.jump_wall(-365 * 86_400)
        right[0] = True
        await clock.sleep(60)
        assert [row.state for row in await oracle.epochs.all()] == [EpochState.OPEN.value]
        assert await oracle.reports.counts() == {}
        assert (await oracle.close_epoch(EPOCH)).state == EpochState.PAID.value
        running.cancel()
        await oracle.close()

    simulated(main)


def test_an_epoch_of_honest_hotspots_is_judged_shared_signed_and_paid(tmp_path: Path) -> None:
    payer = OncePayer()

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, payer=payer)
        await oracle.open()
        await run_epoch(oracle, clock, Village(5))
        counts = await oracle.counts(EPOCH)
        # In the first round nobody has been heard before; reciprocity lets later beacons and witnesses pass.
        assert counts["beacon"] == {"valid": 9, "gateway_no_valid_witnesses": 1}
        assert counts["witness"]["valid"] > counts["witness"]["gateway_no_valid_beacons"] > 0
        manifest = await oracle.manifest(EPOCH)
        assert manifest is not None
        body = json.loads(manifest.body)
        assert hashlib.sha256(manifest.body).digest() == manifest.hash
        assert body["paid_bones"] == sum(payer.paid().values()) > 0
        assert len(payer.paid()) == 5
        ((signer_key, signature),) = await oracle.epochs.signatures(EPOCH)
        assert verify(signer_key, evidence_message("manifest", NETWORK, manifest.hash), signature)
        row = await oracle.epochs.get(EPOCH)
        assert row is not None
        assert row.state == EpochState.PAID.value
        await oracle.close()

    simulated(main)


def manifest_hash(folder: Path, *, seed: str) -> bytes:
    async def main(clock: SimulatedClock) -> bytes:
        folder.mkdir()
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, seed=seed)
        await oracle.open()
        await run_epoch(oracle, clock, Village(3))
        manifest = await oracle.manifest(EPOCH)
        assert manifest is not None
        row = await oracle.epochs.get(EPOCH)
        assert row is not None
        assert row.state == EpochState.UNPAID.value  # no payer: what would have been earned
        assert await oracle.epochs.payout(EPOCH) is None
        await oracle.close()
        return manifest.hash

    return simulated(main)


def test_the_same_day_gives_the_same_manifest(tmp_path: Path) -> None:
    assert manifest_hash(tmp_path / "one", seed="x") == manifest_hash(tmp_path / "two", seed="x")


def test_judging_a_stored_day_at_once_gives_the_manifest_of_judging_it_as_it_went(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        live = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await live.open()
        await run_epoch(live, clock, Village(4))
        first = await live.manifest(EPOCH)
        assert first is not None
        forget = ("lifetime", "verdicts", "gateway_times", "epochs", "shares", "manifests", "manifest_signatures")
        await live.database.apply(
            [*(Statement(f"DELETE FROM {table}") for table in forget), Statement("UPDATE reports SET judged = 0")]
        )
        await live.database.apply(
            [
                Statement(
                    "INSERT INTO epochs VALUES (?, 'open', ?, ?, 0)",
                    ((EPOCH, START_S * 1000, (START_S + 43_200) * 1000),),
                )
            ]
        )
        await live.close()
        again = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await again.open()
        await again.advance()
        second = await again.manifest(EPOCH)
        assert second is not None
        assert json.loads(second.body) == json.loads(first.body)
        assert second.hash == first.hash
        await again.close()

    simulated(main)


def test_planted_frauds_come_out_with_their_exact_reasons(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(4)
        await village.join(oracle.registry)
        stranger, neighbour = signer("stranger"), signer("neighbour")
        record, by_gateway, by_owner = registration(neighbour, signer("owner 0"))
        await oracle.registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
        beside = min(h3.grid_ring(village.people[0].cell, 5))
        location, by_owner = place(neighbour, signer("owner 0"), cell=beside)
        await oracle.registry.assert_location(location, owner_signature=by_owner)
        await oracle.registry.admit(neighbour.public_key, by="test")
        first, second = village.people[0], village.people[1]
        sink, thief = oracle.sink("honest"), oracle.sink("thief")
        await village.live(clock, village.sinks(oracle))  # so that everybody has been heard before
        await clock.sleep(START_S + 21_600 + 300 - clock.wall_s())

        beacon, report = village.beacon(first, await sink.entropy())
        await sink.submit_beacon(report)
        heard = village.witness(second, first, beacon)
        await sink.submit_witness(heard)
        with pytest.raises(SinkRefused, match="bad_signature"):  # forged: one bit of the content changed
            await thief.submit_witness(heard.replace(beacon.data, beacon.data[:-1] + bytes([beacon.data[-1] ^ 1])))
        _, foreign = village.beacon(first, Entropy(data=b"x" * 32, timestamp_s=1, version=0))
        with pytest.raises(SinkRefused, match="bad_entropy"):
            await thief.submit_beacon(foreign)
        with pytest.raises(SinkRefused, match="malformed"):
            await thief.submit_beacon(b"\xff\xff\xff")
        await thief.submit_witness(witness_report(stranger, data=beacon.data))  # not admitted
        close = replace(second, gateway=neighbour, owner=signer("owner 0"), cell=beside)
        await thief.submit_witness(village.witness(close, first, beacon))  # stands beside the beaconer
        await clock.sleep(0.05)
        await thief.submit_witness(heard)  # replayed at once
        await clock.sleep(600)
        await oracle.advance()
        await thief.submit_witness(heard)  # replayed after the verdict
        await thief.submit_beacon(report)  # replayed out of its time
        await clock.sleep(21_600)
        await thief.submit_beacon(report)  # replayed in the next interval, to burn it
        beacon, report = village.beacon(first, await sink.entropy())
        await sink.submit_beacon(report)  # the honest beacon of that interval still counts
        await clock.sleep(900)
        await oracle.advance()
        counts = await oracle.counts()
        assert counts["witness"]["bad_signature"] == 1
        assert counts["witness"]["gateway_not_found"] == 1
        assert counts["witness"]["below_min_distance"] == 1
        assert counts["witness"]["duplicate"] == 2
        assert counts["beacon"]["entropy_expired"] == 2
        assert counts["beacon"]["bad_entropy"] == 1
        assert counts["beacon"]["malformed"] == 1
        kept = oracle.judge.times[first.gateway.public_key]
        assert kept.last_beacon_ms is not None
        assert kept.last_beacon_ms // 1000 == clock.wall_s() - 900
        await oracle.close()

    simulated(main)


def test_an_honest_retry_gets_its_first_receipt_and_is_stored_once(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(2)
        await village.join(oracle.registry)
        sink = oracle.sink("agent")
        _, report = village.beacon(village.people[0], await sink.entropy())
        first = await sink.submit_beacon(report)
        await clock.sleep(20)
        assert await sink.submit_beacon(report) == first
        assert await oracle.reports.counts() == {"beacon": 1}
        await clock.sleep(200)
        assert (await sink.submit_beacon(report)).received_ms > first.received_ms  # too late for a retry: judged
        assert await oracle.reports.counts() == {"beacon": 2}
        await oracle.close()

    simulated(main)


def test_a_report_that_reaches_the_store_after_its_epoch_closed_is_late_and_never_paid(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(3)
        await run_epoch(oracle, clock, village)
        manifest = await oracle.manifest(EPOCH)
        (stored, *_) = await oracle.reports.between(after_ms=START_S * 1000, until_ms=clock.wall_ms())
        late = Statement(
            "INSERT INTO reports SELECT kind, ?, content_id, gateway, data, body, received_ms + 1, ?, session_id, "
            "peer, 0, 0 FROM reports WHERE report_id = ?",
            ((b"late" * 8, clock.wall_ms(), stored.report_id),),
        )
        await oracle.database.apply([late])
        await oracle.advance()
        verdict = await oracle.verdicts.get(stored.kind, b"late" * 8)
        assert verdict is not None
        assert (verdict.valid, verdict.reason, verdict.epoch) == (False, "late", EPOCH)
        assert await oracle.manifest(EPOCH) == manifest
        assert (await oracle.explain(b"late" * 8))["note"].startswith("The report reached the oracle after")
        await oracle.close()

    simulated(main)


def test_a_copied_payload_does_not_spoil_the_honest_proof(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(3)
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle))
        await clock.sleep(21_600)
        sink, person, liar = oracle.sink("x"), village.people[0], village.people[1]
        beacon, report = village.beacon(person, await sink.entropy())
        claim = lora_beacon_report_req_v1.FromString(report)
        claim.pub_key, claim.local_entropy = liar.gateway.public_key, b"lie!"
        # The liar claims the payload a little earlier than its sender.
        await sink.submit_beacon(sign_message(claim, liar.gateway).SerializeToString())
        await clock.sleep(0.1)
        await sink.submit_beacon(report)
        for other in village.people[1:]:
            await sink.submit_witness(village.witness(other, person, beacon))
        await clock.sleep(900)
        await oracle.advance()
        latest = await oracle.verdicts.page(before_ms=clock.wall_ms(), limit=4)
        assert [(row.kind, row.valid, row.reason) for row in sorted(latest, key=lambda r: (r.kind, r.received_ms))] == [
            ("beacon", False, "invalid_packet"),
            ("beacon", True, None),
            ("witness", True, None),
            ("witness", True, None),
        ]
        await oracle.close()

    simulated(main)


def test_every_stored_verdict_agrees_with_its_explanation(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        await run_epoch(oracle, clock, Village(4))
        verdicts = await oracle.verdicts.of_epoch(EPOCH)
        assert len(verdicts) == 2 * 4 * 4
        for row in verdicts:
            explained = await oracle.explain(row.report_id)
            decided = [line["reason"] for line in explained["rules"] if line["decided"]]
            assert explained["rules"]
            if row.side != "beaconer":
                assert decided == ([row.reason] if row.reason else [])
        await oracle.close()

    simulated(main)


def test_a_clock_that_jumps_while_an_epoch_is_paid_stamps_none_of_its_steps(tmp_path: Path) -> None:
    right, once = [True], OncePayer()

    async def main(clock: SimulatedClock) -> None:
        async def jumping(order: PayoutOrder) -> str:
            right[0] = False
            clock.jump_wall(-365 * 86_400)
            return await once(order)

        database = SqliteDatabase(tmp_path / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock, payer=jumping, is_time_known=lambda: right[0])
        await oracle.open()
        await run_epoch(oracle, clock, Village(3))
        paid, following = await oracle.epochs.all()
        assert paid.state == EpochState.PAID.value
        assert once.asked == 1
        assert paid.changed_ms == following.changed_ms >= START_S * 1000  # the year before is nowhere
        await oracle.close()

    simulated(main)
