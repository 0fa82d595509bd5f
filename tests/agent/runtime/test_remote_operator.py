"""An operator over gRPC as the status shows it; the conversation itself is tested end to end."""

from pathlib import Path

import pytest

from skerry_agent.evidence import EvidenceLog
from skerry_agent.grpc_client.sink import SentReport
from skerry_agent.grpc_client.stream import SessionEvidence
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.runtime.remote_operator import RemoteOperator
from skerry_agent.settings import load
from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_coverage.evidence.entry import EntryKind
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.public_key import PublicKey
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.runtime import frame, keeper, open_log, open_runtime_stores
from skerry_testing.simulated import simulated
from skerry_wire.sink import Receipt

KEY = PublicKey.from_binary(signer_of(9).public_key).address

RECEIPT = Receipt(received_ms=1)


def made(clock: Clock, **flags: str) -> RemoteOperator:
    settings = {"operator.ingest": "http://127.0.0.1:9/", "operator.key": KEY} | {
        name.replace("__", "."): value for name, value in flags.items()
    }
    return RemoteOperator.from_settings(
        load(file=None, environ={}, flags=settings), signer=signer_of(), clock=clock, random=seeded_randomness("x")
    )


def test_a_key_that_is_none_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        made(SimulatedClock(start_s=1_790_000_000), operator__key="nonsense")
    assert (caught.value.code, bool(caught.value.remedy)) == ("E_OPERATOR_SETTINGS", True)


def test_before_the_first_answer_it_is_unknown_and_pays_nothing() -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = made(clock)
        status = operator.status()
        assert (status.network, status.state, status.pays, status.key) == (
            "127.0.0.1:9", DeviceState.UNKNOWN, False, KEY,
        )  # fmt: skip
        operator._sink._had_session = True  # and it has ended
        assert operator.status().state is DeviceState.UP
        assert "next one begins" in operator.status().reason
        operator._sink.last_error = "connection refused"
        assert operator.status().state is DeviceState.DOWN
        assert "connection refused" in operator.status().reason
        assert operator.sink(signer_of().public_key) is operator._sink
        assert (await operator.news([], cursor="5")).cursor == "5"
        assert not await operator.carry(b"", frame(), packet_id="p", region="EU868")  # no router is set
        await operator.close()

    simulated(main)


def test_a_packet_router_that_takes_no_uplinks_is_told_of_although_reports_go_out() -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = made(clock, operator__router="http://127.0.0.1:9/")
        assert operator._router is not None
        operator._sink._had_session = True
        operator._router.last_error = "no such service"
        status = operator.status()
        assert status.state is DeviceState.DOWN
        assert "no such service" in status.reason
        assert "operator.router" in status.reason
        await operator.close()

    simulated(main)


def test_session_and_session_signed_reports_become_evidence_that_names_each_other(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log: EvidenceLog = await open_log(stores, keeper(clock), clock)
            operator = made(clock)

            async def no_downlink(_: object) -> None:
                return None

            operator.attach(evidence=log, downlink=no_downlink)
            session = SessionEvidence(
                nonce=b"n" * 32, init=b"signed init", session_id=b"s", session_key=b"k", opened_ms=1
            )
            await operator._keep_session(session)
            await operator._keep_report(SentReport(body=b"report", is_beacon=False, session=session, receipt=RECEIPT))
            await operator._keep_report(
                SentReport(body=b"gateway-signed", is_beacon=True, session=None, receipt=RECEIPT)
            )
            ((offer_id, _),) = await log.find(EntryKind.SESSION_OFFER)
            ((init_id, init),) = await log.find(EntryKind.SESSION_INIT)
            ((_, report),) = await log.find(EntryKind.WITNESS_REPORT)
            assert init.refs == (offer_id,)
            assert (report.refs, report.body, report.link) == ((init_id,), b"report", "grpc")
            assert await log.find(EntryKind.BEACON_REPORT) == []  # kept already, when it was made
            await operator.close()

    simulated(main)
