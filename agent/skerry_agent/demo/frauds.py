"""The frauds that somebody commits during the demo: a replayed beacon report and a forged witness report.

The other two planted frauds live in the plan: a hotspot beside another one, and one that was never admitted. Nothing
here knows how they are caught; `EXPECTED` is what the summary compares with.
"""

from dataclasses import dataclass

from skerry_agent.demo.plan import Fraud, NeighbourhoodPlan
from skerry_agent.demo.world import World
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import sign_message
from skerry_wire.sink import SinkRefused

__all__ = ["EXPECTED", "Caught", "commit_frauds", "outcome_of_planted"]

REPLAY_AFTER_S = 1000  # the replayed beacon's entropy is long out of date by then

# What each fraud must come out with.
EXPECTED = {
    "too_close": "below_min_distance",
    "not_admitted": "gateway_not_found",
    "replayed": "entropy_expired",
    "forged": "bad_signature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One fraud: the reason it came out with, and how many reports did."""

    fraud: str
    reason: str | None
    reports: int

    @property
    def as_expected(self) -> bool:
        """Whether the reason is the one that the rules give."""
        return self.reason == EXPECTED[self.fraud]


async def commit_frauds(world: World) -> list[Caught]:
    """Wait for honest reports, then replay one and forge one; return how the forgery ended.

    The replay is judged with its epoch; `outcome_of_planted` tells what became of it.
    """
    await world.clock.sleep(REPLAY_AFTER_S)
    attacker = world.house.oracle.sink("somebody on the internet")
    victim = next(app for app in world.apps if app.agent.hotspots[0].identity.key.binary == _victim(world.plan))
    beacons = (await victim.agent.stores.beacons.page(limit=50)).rows
    witnesses = (await victim.agent.stores.witnesses.page(limit=50)).rows
    await attacker.submit_beacon(beacons[-1].report)  # the oldest: signed by the victim, and out of date
    forged = parse(lora_witness_report_req_v1, witnesses[0].report)
    forged.signal += 100
    sign_message(forged, world.plan.operator_keys["attacker"])
    try:
        await attacker.submit_witness(forged.SerializeToString())
    except SinkRefused as refusal:
        return [Caught(fraud="forged", reason=refusal.reason, reports=1)]
    return [Caught(fraud="forged", reason=None, reports=1)]


async def outcome_of_planted(world: World) -> list[Caught]:
    """Return how the oracle judged the other three."""
    near = world.plan.of_fraud(Fraud.TOO_CLOSE).gateway.public_key
    stranger = world.plan.of_fraud(Fraud.NOT_ADMITTED).gateway.public_key
    first = world.plan.hotspots[0].gateway.public_key
    found = [
        await _commonest(world, "too_close", near, EXPECTED["too_close"], {first}),
        await _commonest(world, "not_admitted", stranger, EXPECTED["not_admitted"], None),
    ]
    return [*found, await _replayed(world)]


async def _commonest(world: World, fraud: str, gateway: bytes, reason: str, beaconers: set[bytes] | None) -> Caught:
    """Count a hotspot's witness reports (of these beaconers' beacons) by the reason they came out with."""
    reasons: dict[str | None, int] = {}
    for epoch in await world.house.oracle.epochs.all():
        for verdict in await world.house.oracle.verdicts.of_epoch(epoch.epoch):
            if verdict.kind != WITNESS or verdict.gateway != gateway or verdict.side == "beaconer":
                continue
            if beaconers is not None and await _beaconer(world, verdict.poc_id) not in beaconers:
                continue
            reasons[verdict.reason] = reasons.get(verdict.reason, 0) + 1
    if None in reasons:  # one that counted would be a fraud that paid
        return Caught(fraud=fraud, reason=None, reports=reasons[None])
    return Caught(fraud=fraud, reason=reason if reason in reasons else None, reports=reasons.get(reason, 0))


async def _beaconer(world: World, poc_id: bytes | None) -> bytes | None:
    beacon = await world.house.oracle.reports.get(BEACON, poc_id) if poc_id is not None else None
    return beacon.gateway if beacon is not None else None


async def _replayed(world: World) -> Caught:
    for epoch in await world.house.oracle.epochs.all():
        for verdict in await world.house.oracle.verdicts.of_epoch(epoch.epoch):
            if verdict.kind != BEACON:
                continue
            report = await world.house.oracle.reports.get(BEACON, verdict.report_id)
            if report is not None and report.is_copy:
                return Caught(fraud="replayed", reason=verdict.reason, reports=1)
    return Caught(fraud="replayed", reason=None, reports=0)


def _victim(plan: NeighbourhoodPlan) -> bytes:
    return plan.hotspots[3].gateway.public_key
