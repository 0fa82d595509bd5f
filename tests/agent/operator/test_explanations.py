"""A verdict is repeated rule by rule; a reward is walked back to the radio frames that earned it."""

from pathlib import Path

from skerry_agent.runtime.reports import report_id
from skerry_agent.store import ReportState, WitnessRow
from skerry_oracle.store.reports import WITNESS
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import PaidVillage, paid_village
from skerry_testing.oracle import simulated
from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1
from skerry_wire.messages import parse


def test_verdicts_and_rewards_are_explained(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with paid_village(tmp_path, clock) as paid:
            await check(paid)

    simulated(main)


async def check(paid: PaidVillage) -> None:
    client = paid.house.operator("test")
    gateway = paid.village.people[2].gateway.public_key
    verdict = next(
        one for one in await paid.house.oracle.verdicts.of_epoch(paid.epoch)
        if one.kind == WITNESS and one.gateway == gateway and one.valid
    )  # fmt: skip
    stored = await paid.house.oracle.reports.get(WITNESS, verdict.report_id)
    assert stored is not None
    row = WitnessRow(
        id=report_id(stored.body), hotspot="h", device_id="d", at_ns=1, frequency_hz=1, datarate="SF12BW125",
        rssi_dbm=-100, snr_ddb=1, data=parse(lora_witness_report_req_v1, stored.body).data, report=stored.body,
        state=ReportState.DELIVERED,
    )  # fmt: skip
    explained = await client.explain_witness(row)
    assert explained is not None
    assert (explained.verdict, explained.summary.startswith("Valid")) == ("valid", True)
    assert all(finding.passed is not False for finding in explained.findings)
    unknown = WitnessRow(**{name: getattr(row, name) for name in row.__slots__} | {"report": b"never sent"})
    assert await client.explain_witness(unknown) is None
    reward = (await client.news([gateway], cursor="")).rewards[0]
    walked = await client.explain_reward(reward)
    assert walked is not None
    kinds = [step.kind for step in walked.steps]
    assert kinds[:2] == ["transaction", "manifest"]
    assert {"share", "frame"} <= set(kinds)
