"""Agents and an oracle that talk only gRPC over loopback: entropy, beacon, witnesses, verdicts, an epoch."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from skerry_agent.grpc_client.sink import Endpoints, GrpcSink, SentReport
from skerry_agent.grpc_client.stream import SessionEvidence
from skerry_keys.software import SoftwareSigner
from skerry_keys.tag import KeyType
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.services.server import OracleServer
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_operator import until
from skerry_testing.oracle import START_S, OncePayer, SeededRandom, make_oracle, simulated
from skerry_testing.village import Village, Villager
from skerry_wire.generated.poc_lora_pb2 import lora_stream_session_init_v1, lora_witness_report_req_v1
from skerry_wire.signing import verify_message
from skerry_wire.sink import Entropy, SinkRefused, SinkUnavailable

EPOCH = START_S // 43_200


@contextlib.asynccontextmanager
async def serving(folder: Path, clock: SimulatedClock) -> AsyncIterator[tuple[EmbeddedOracle, Endpoints]]:
    oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=OncePayer())
    await oracle.open()
    async with OracleServer(oracle, addresses=["127.0.0.1:0"]) as server:
        address = f"127.0.0.1:{server.ports[0]}"
        yield oracle, Endpoints(ingest=address, entropy=address, config=address, config_key=oracle.signer.public_key)
    await oracle.close()


def sink_for(person: Villager, endpoints: Endpoints, clock: SimulatedClock, **callbacks: object) -> GrpcSink:
    return GrpcSink(
        endpoints=endpoints,
        signer=person.gateway,
        clock=clock,
        random_bytes=SeededRandom(person.name),
        random=Random(person.name),
        **callbacks,  # type: ignore[arg-type]
    )


async def until_session(sink: GrpcSink, clock: SimulatedClock) -> None:
    await until(lambda: sink.session is not None, clock)


def test_an_epoch_over_grpc_is_rejudged_from_the_store_to_the_same_manifest(tmp_path: Path) -> None:
    sessions: list[SessionEvidence] = []
    sent: list[SentReport] = []

    async def on_session(evidence: SessionEvidence) -> None:
        sessions.append(evidence)

    async def on_sent(report: SentReport) -> None:
        sent.append(report)

    async def live(clock: SimulatedClock) -> bytes:
        async with serving(tmp_path, clock) as (oracle, endpoints), asyncio.TaskGroup() as group:
            village = Village(4)
            await village.join(oracle.registry)
            sinks = {
                person.name: sink_for(person, endpoints, clock, on_session=on_session, on_sent=on_sent)
                for person in village.people
            }
            running = [group.create_task(oracle.run())]
            running += [group.create_task(sink.run()) for sink in sinks.values()]
            for sink in sinks.values():
                await until_session(sink, clock)
            answer = await sinks["hotspot 0"].region(village.people[0].gateway.public_key)
            assert (answer.region, answer.gain_ddbi) == ("EU868", 12)
            await village.live(clock, lambda person: sinks[person.name], rounds=2)
            await oracle.close_epoch(EPOCH)
            for task in running:
                task.cancel()
            manifest = await oracle.manifest(EPOCH)
            assert manifest is not None
            counts = await oracle.counts(EPOCH)
            assert counts["beacon"]["valid"] == 7
            assert counts["witness"]["valid"] > 12
            for sink in sinks.values():
                await sink.close()
            return manifest.hash

    async def again(clock: SimulatedClock) -> bytes:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, payer=OncePayer())
        await oracle.open()
        tables = ("lifetime", "verdicts", "gateway_times", "shares", "manifests", "manifest_signatures", "payouts")
        await oracle.database.apply(
            [
                *(Statement(f"DELETE FROM {table}") for table in tables),
                Statement("DELETE FROM epochs WHERE epoch > ?", ((EPOCH,),)),
                Statement("UPDATE epochs SET state = 'open'"),
                Statement("UPDATE reports SET judged = 0"),
            ]
        )
        await oracle.judge.load()
        await oracle.driver.load()
        await oracle.advance()
        manifest = await oracle.manifest(EPOCH)
        assert manifest is not None
        await oracle.close()
        return manifest.hash

    first = simulated(live)
    assert simulated(again, start_s=START_S + 43_200 + 3_600) == first
    by_session = [report for report in sent if report.session is not None]
    assert len(by_session) > 20  # between sessions reports go by single calls
    for report in by_session:
        assert report.session is not None
        init = lora_stream_session_init_v1.FromString(report.session.init)
        assert verify_message(init, init.pub_key)
        assert init.nonce == report.session.nonce
    witness = next(report for report in by_session if len(report.body) < 210)
    message = lora_witness_report_req_v1.FromString(witness.body)
    assert witness.session is not None
    assert verify_message(message, witness.session.session_key)
    assert len(sessions) > 4  # the server ends each session after half an hour


def test_refusals_come_back_with_the_oracles_reason(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with serving(tmp_path, clock) as (oracle, endpoints), asyncio.TaskGroup() as group:
            village = Village(2)
            person = village.people[0]
            sink = sink_for(person, endpoints, clock)
            with pytest.raises(SinkRefused, match="gateway_not_found"):
                await sink.region(person.gateway.public_key)
            await village.join(oracle.registry)
            _, report = village.beacon(person, await sink.entropy())
            forged = bytearray(report)
            forged[-1] ^= 1
            with pytest.raises(SinkRefused, match="bad_signature"):
                await sink.submit_beacon(bytes(forged))  # no session: a single call
            running = group.create_task(sink.run())
            await until_session(sink, clock)
            _, foreign = village.beacon(person, Entropy(data=b"x" * 32, timestamp_s=1, version=0))
            with pytest.raises(SinkRefused, match="bad_entropy"):
                await sink.submit_beacon(foreign)  # through the stream, which stays open
            receipt = await sink.submit_beacon(report)
            assert receipt.received_ms == clock.wall_ms()
            running.cancel()
            await sink.close()

    simulated(main)


def test_a_reports_sender_keeps_it_when_the_oracle_is_gone_and_delivers_it_to_the_next(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        village = Village(2)
        person = village.people[0]
        async with serving(tmp_path, clock) as (oracle, endpoints):
            await village.join(oracle.registry)
            sink = sink_for(person, endpoints, clock)
            _, report = village.beacon(person, await sink.entropy())
        with pytest.raises(SinkUnavailable):
            await sink.submit_beacon(report)
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        async with OracleServer(oracle, addresses=[endpoints.ingest]):
            restarted = sink_for(person, endpoints, clock)
            assert (await restarted.submit_beacon(report)).received_ms == clock.wall_ms()
            assert await oracle.reports.counts() == {"beacon": 1}
            await restarted.close()
        await sink.close()
        await oracle.close()

    simulated(main)


def test_an_ecc_compact_gateway_opens_a_session(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with serving(tmp_path, clock) as (_, endpoints), asyncio.TaskGroup() as group:
            key = SoftwareSigner.generate(SeededRandom("ecc"), key_type=KeyType.ECC_COMPACT)
            person = Villager(name="ecc", gateway=key, owner=key, cell="")
            sink = sink_for(person, endpoints, clock)
            running = group.create_task(sink.run())
            await until_session(sink, clock)
            running.cancel()
            await sink.close()

    simulated(main)
