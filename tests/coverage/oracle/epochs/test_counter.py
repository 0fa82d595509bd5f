"""Several oracles sign one epoch: each judges it again from the evidence, and it is paid when enough have signed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.errors import NotFoundError, RefusedError, UsageError
from skerry_coverage.bundle import container
from skerry_coverage.manifest import Manifest
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.counter import recompute
from skerry_oracle.epochs.driver import MANIFEST_DOMAIN, EpochState
from skerry_oracle.epochs.evidence import EpochEvidence, gather
from skerry_oracle.network import OracleNetwork
from skerry_oracle.store.database import Row
from skerry_oracle.store.packets import PacketRow
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, signer, simulated, small_network
from skerry_testing.village import Village

EPOCH_S = 43_200
FIRST = START_S // EPOCH_S
SECOND = signer("second oracle")
ORACLES = sorted(PublicKey(signer(name).public_key).address for name in ("oracle", "second oracle", "third oracle"))


def network() -> OracleNetwork:
    return small_network(**{"operator.oracle_keys": ORACLES, "operator.signatures_needed": 2})


async def live_two_epochs(oracle: EmbeddedOracle, clock: SimulatedClock) -> None:
    """Four rounds of six hours: the second epoch starts from kept times, repeats a report, carries a packet."""
    village = Village(4)
    await village.join(oracle.registry)
    sent: list[bytes] = []

    async def replay(_: object, report: bytes) -> None:
        sent.append(report)
        if len(sent) == 11:
            await oracle.sink("replayer").submit_beacon(sent[10])

    await village.live(clock, village.sinks(oracle), rounds=4, after_beacon=replay)
    gateway = village.people[0].gateway.public_key
    row = PacketRow(
        packet_id=b"p" * 32, epoch=FIRST + 1, gateway=gateway, oui=1, net_id=0x3C, payload_hash=b"h" * 32,
        payload_size=30, dc=2, is_free=False, received_ms=clock.wall_ms(),
    )  # fmt: skip
    await oracle.database.apply([oracle.packets.insert([row])])
    while await oracle.manifest(FIRST + 1) is None:
        await clock.sleep(600)
        await oracle.advance()


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> EpochEvidence:
    folder = tmp_path_factory.mktemp("epochs")

    async def main(clock: SimulatedClock) -> EpochEvidence:
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, network=network())
        await oracle.open()
        await live_two_epochs(oracle, clock)
        await clock.sleep(3_600)
        await oracle.advance()  # later verdicts change the kept times; the evidence goes back before them
        gathered = await gather(oracle, FIRST + 1)
        with pytest.raises(NotFoundError, match="E_NO_MANIFEST"):
            await gather(oracle, FIRST + 9)
        await oracle.close()
        return EpochEvidence.from_bytes(gathered.to_bytes())

    return simulated(main, start_s=START_S + 1)


def recount(evidence: EpochEvidence, rules: OracleNetwork | None = None) -> tuple[str, ...]:
    async def main(clock: SimulatedClock) -> tuple[str, ...]:
        findings = await recompute(evidence, rules or network(), clock=clock, random_bytes=os.urandom)
        return findings.verified

    return simulated(main, start_s=START_S + 4 * EPOCH_S)


def test_another_oracle_comes_to_the_same_manifest_from_the_evidence(evidence: EpochEvidence) -> None:
    rows = Manifest.from_bytes(evidence.manifest).rows()
    assert len(rows) == 4
    assert all(row.lifetime_bones > row.total_bones > 0 for row in rows)
    assert any(row.dc_bones for row in rows)
    assert evidence.times
    assert any(report[10] for report in evidence.tables["reports"])  # the replayed one is marked
    verified = recount(evidence)
    assert verified[0] == "4 registrations, each signed by its gateway and its owner"
    assert verified[-1] == "the manifest is what our engine computes, byte for byte"


def changed(evidence: EpochEvidence, table: str, index: int, column: int, value: object) -> EpochEvidence:
    rows = [list(row) for row in evidence.tables[table]]
    rows[index][column] = value  # type: ignore[call-overload]
    return replace(evidence, tables={**evidence.tables, table: tuple(map(tuple, rows))})


def without(evidence: EpochEvidence, table: str, wanted: Callable[[Row], bool]) -> EpochEvidence:
    rows = tuple(row for row in evidence.tables[table] if wanted(row))
    return replace(evidence, tables={**evidence.tables, table: rows})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda one: changed(one, "registrations", 0, 3, b"x" * 64), "E_EVIDENCE"),
        (lambda one: changed(one, "registrations", 0, 5, 0), "E_EVIDENCE"),
        (lambda one: changed(one, "assertions", 0, 6, 80), "E_EVIDENCE"),
        (lambda one: changed(one, "denylists", 0, 2, SECOND.public_key), "E_EVIDENCE"),
        (lambda one: changed(one, "entropy", 0, 1, b"r" * 32), "E_EVIDENCE"),
        (lambda one: changed(one, "reports", 3, 6, one.tables["reports"][3][6] + 1), "E_EVIDENCE"),
        (lambda one: changed(one, "reports", 3, 5, one.tables["reports"][4][5]), "E_EVIDENCE"),
        (lambda one: changed(one, "packets", 0, 7, 3), "E_EVIDENCE"),
        (lambda one: changed(one, "reports", 3, 5, None), "E_EVIDENCE"),
        (lambda one: without(one, "reports", lambda row: row[0] == "beacon"), "E_MANIFEST_DIFFERS"),
        (lambda one: without(one, "packets", lambda _: False), "E_MANIFEST_DIFFERS"),
        (lambda one: replace(one, times={}), "E_MANIFEST_DIFFERS"),
    ],
)
def test_evidence_that_was_tampered_with_is_refused(
    evidence: EpochEvidence, change: Callable[[EpochEvidence], EpochEvidence], code: str
) -> None:
    with pytest.raises(RefusedError, match=code):
        recount(change(evidence))


def test_a_copy_that_is_not_marked_and_another_networks_manifest_are_refused(evidence: EpochEvidence) -> None:
    index = next(index for index, report in enumerate(evidence.tables["reports"]) if report[10])
    with pytest.raises(RefusedError, match="not marked"):
        recount(changed(evidence, "reports", index, 10, 0))
    with pytest.raises(RefusedError, match="E_MANIFEST_RULES"):
        recount(evidence, small_network())


def test_an_epoch_waits_for_signatures_holds_nothing_up_and_is_paid_with_the_last(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        payer = OncePayer()
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, payer=payer, network=network())
        await oracle.open()
        await live_two_epochs(oracle, clock)
        states = {row.epoch: row.state for row in await oracle.epochs.all()}
        assert states == {FIRST: "waiting", FIRST + 1: "waiting", FIRST + 2: "open"}
        assert payer.asked == 0
        waiting = (await oracle.status())["waiting"]
        assert waiting == [{"epoch": epoch, "missing_signatures": 1} for epoch in (FIRST, FIRST + 1)]
        assert await oracle.driver.missing_signatures(FIRST + 1) == 1
        manifest = await oracle.manifest(FIRST + 1)
        assert manifest is not None
        good = SECOND.sign_evidence(MANIFEST_DOMAIN, oracle.network.network, manifest.hash)
        with pytest.raises(RefusedError, match="E_BAD_SIGNATURE"):
            await oracle.add_signature(FIRST, SECOND.public_key, good)
        stranger = signer("stranger")
        with pytest.raises(RefusedError, match="E_NOT_AN_ORACLE"):
            await oracle.add_signature(FIRST + 1, stranger.public_key, good)
        with pytest.raises(NotFoundError, match="E_NO_MANIFEST"):
            await oracle.add_signature(FIRST + 7, SECOND.public_key, good)
        assert [await oracle.add_signature(FIRST + 1, SECOND.public_key, good) for _ in range(2)] == [0, 0]
        assert await oracle.advance() == 1
        assert list(payer.orders) == [FIRST + 1]
        assert {key for key, _ in payer.orders[FIRST + 1].signatures} == {oracle.signer.public_key, SECOND.public_key}
        await oracle.close()

        again = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, payer=payer, network=network())
        await again.open()  # a restart still knows who waits
        first = await again.manifest(FIRST)
        assert first is not None
        signature = SECOND.sign_evidence(MANIFEST_DOMAIN, again.network.network, first.hash)
        assert await again.add_signature(FIRST, SECOND.public_key, signature) == 0
        assert await again.advance() == 1
        assert sorted(payer.orders) == [FIRST, FIRST + 1]
        row = await again.epochs.get(FIRST)
        assert row is not None
        assert row.state == EpochState.PAID.value
        await again.close()

    simulated(main, start_s=START_S + 1)


@settings(max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.dictionaries(st.sampled_from(["kind", "manifest", "signatures", "tables", "times"]), st.none() | st.binary(),
                        max_size=5).map(container.pack),
    )
)  # fmt: skip
def test_any_other_file_is_a_clear_mistake(untrusted: bytes) -> None:
    with pytest.raises(UsageError, match="E_EVIDENCE_FILE"):
        EpochEvidence.from_bytes(untrusted)
