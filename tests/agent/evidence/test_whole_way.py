"""The whole way with a real oracle: reports in, judged, stated, recorded, exported, verified."""

import dataclasses
from pathlib import Path

from skerry_agent.evidence import EVIDENCE, EvidenceLog, TimeKeeper
from skerry_agent.evidence.export import beacons, export_beacons
from skerry_agent.evidence.verdicts import record_statement
from skerry_agent.operator.statements import statement_on
from skerry_agent.store import Database
from skerry_coverage.bundle import container
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.bundle.report import Level
from skerry_coverage.bundle.verify import verify_bundle
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_coverage.iot.beacon import build_beacon
from skerry_coverage.profile.loader import load_profile, with_overrides
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.network import OracleNetwork
from skerry_oracle.store.reports import BEACON
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_radio.regions import region_params
from skerry_simulate.clock import SimulatedClock
from skerry_testing.bundle import Neighbourhood
from skerry_testing.evidence import BOOT
from skerry_testing.oracle import NETWORK, SeededRandom, place, registration, signer, simulated
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.signing import sign_message

ORACLE = signer("oracle")
GATEWAYS = [signer(f"gateway {number}") for number in range(4)]
OWNERS = [signer(f"owner {number}") for number in range(4)]
PROFILE = with_overrides(
    load_profile("skerry-open"),
    {
        "network": NETWORK,
        "operator.oracle_keys": [PublicKey(ORACLE.public_key).address],
        "tokens.iot.symbol": "demo-IOT",
        "iot.epoch_s": 3600,
        "iot.lateness_s": 60,
        "iot.poc.reciprocity_required": False,
    },
)


async def oracle_with_hotspots(folder: Path, clock: SimulatedClock) -> EmbeddedOracle:
    oracle = EmbeddedOracle(
        SqliteDatabase(folder / "oracle.db", clock=clock),
        network=OracleNetwork.of_profile(PROFILE, at_s=clock.wall_s(), test_tokens=True),
        signer=ORACLE,
        clock=clock,
        random_bytes=SeededRandom("oracle"),
    )
    await oracle.open()
    cells = Neighbourhood().cells
    for number, (gateway, owner) in enumerate(zip(GATEWAYS, OWNERS, strict=True)):
        record, by_gateway, by_owner = registration(gateway, owner)
        await oracle.registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
        await oracle.registry.admit(gateway.public_key, by="test")
        location, signature = place(gateway, owner, cell=f"{cells[number]:x}")
        await oracle.registry.assert_location(location, owner_signature=signature)
    return oracle


async def send_reports(oracle: EmbeddedOracle, log: EvidenceLog, clock: SimulatedClock) -> None:
    sink = oracle.sink("agent")
    entropy = await sink.entropy()
    beacon = build_beacon(remote=entropy, local=b"\x01\x02\x03\x04", params=region_params("EU868"), gain_ddbi=12)
    sent = lora_beacon_report_req_v1(
        pub_key=GATEWAYS[0].public_key,
        local_entropy=beacon.local_entropy,
        remote_entropy=beacon.remote_entropy,
        data=beacon.data,
        frequency=beacon.frequency_hz,
        datarate=beacon.datarate,
        tx_power=beacon.conducted_power_dbm,
        timestamp=clock.wall_ns(),
    )
    body = sign_message(sent, GATEWAYS[0]).SerializeToString()
    await log.append(EntryKind.BEACON_REPORT, body, link="self", source="radio")
    await sink.submit_beacon(body)
    for number, gateway in enumerate(GATEWAYS[1:], 1):
        heard = lora_witness_report_req_v1(
            pub_key=gateway.public_key,
            data=beacon.data,
            timestamp=clock.wall_ns() + number,
            signal=-1050 if number < 3 else 0,  # the last one is louder than physics allows
            snr=-12,
            frequency=beacon.frequency_hz,
            datarate=beacon.datarate,
        )
        await clock.sleep(0.2)
        await sink.submit_witness(sign_message(heard, gateway).SerializeToString())


def test_an_oracles_judgement_becomes_a_proof_that_anyone_checks(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = await oracle_with_hotspots(tmp_path, clock)
        time = TimeKeeper(clock, boot_id=BOOT)
        time.synchronised(TimeSource.SIMULATED, error_ns=0)
        db = await Database.open(tmp_path / "skerry.db", clock=clock, migrations=(EVIDENCE,))
        log = await EvidenceLog.open(db, signer=GATEWAYS[0], network=NETWORK, clock=clock, time=time)
        await clock.sleep(60)
        await send_reports(oracle, log, clock)
        await clock.sleep(3600 + 3600)
        await oracle.advance()
        (beacon,) = [row for row, _ in await oracle.verdicts.since(GATEWAYS[0].public_key, judged_ms=0, limit=10)]
        assert (beacon.kind, beacon.reason) == (BEACON, None)
        words = await statement_on(oracle, beacon, clock=clock)
        assert words is not None
        for _ in range(2):  # telling it twice changes nothing
            await record_statement(
                log,
                words.statement,
                witness_reports=words.witness_reports,
                registrations=words.registrations,
                locations=words.locations,
                link="operator",
                source=NETWORK,
            )
        await log.seal()
        ((entry_id, _),) = await beacons([log])
        bundle = await export_beacons([log], [entry_id], profile=profile_bytes(PROFILE))
        report = verify_bundle(container.pack(bundle.to_map()), trusted_keys=[ORACLE.public_key])
        assert report.failures == []
        assert report.level is Level.ORACLE_VERIFIED
        assert report.test_tokens
        (proof,) = report.proofs
        assert (proof.witnesses_valid, proof.witnesses_invalid, proof.witness_owners) == (2, 1, 2)
        assert proof.operator is not None
        manifest = await oracle.manifest(beacon.epoch)
        assert manifest is not None
        assert proof.operator.manifest_hash == manifest.hash.hex()
        forged = dataclasses.replace(bundle, profile=profile_bytes(load_profile("skerry-open")))
        assert not verify_bundle(container.pack(forged.to_map())).is_intact
        await db.close()
        await oracle.close()

    simulated(main)
