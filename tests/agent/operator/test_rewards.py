"""Reward rows come from signed manifests: one per epoch, hotspot and kind of work, with ids that never change."""

from pathlib import Path

from skerry_agent.operator.rewards import KINDS, reward_id, reward_rows
from skerry_core import strict_json
from skerry_keys.public_key import PublicKey
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import paid_village
from skerry_testing.oracle import simulated


def test_ids_differ_by_network_epoch_gateway_and_kind() -> None:
    ids = {reward_id(*parts) for parts in (("n", 1, "g", "beacon"), ("m", 1, "g", "beacon"), ("n", 2, "g", "beacon"),
                                           ("n", 1, "h", "beacon"), ("n", 1, "g", "witness"))}  # fmt: skip
    assert len(ids) == 5
    assert reward_id("n", 1, "g", "beacon") in ids


def test_rows_add_up_to_the_manifest_and_only_for_the_gateways_asked_for(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with paid_village(tmp_path, clock, size=4) as paid:
            house = paid.house
            gateways = [person.gateway.public_key for person in paid.village.people]
            rows = await reward_rows(house.oracle, house.treasury, house.network, gateways)
            manifest = await house.oracle.manifest(paid.epoch)
            assert manifest is not None
            members = strict_json.loads(manifest.body)
            stated = sum(int(line[name]) for line in members["hotspots"] for name in KINDS.values())
            assert sum(row.amount for row in rows) == stated > 0
            assert {row.manifest_hash for row in rows} == {manifest.hash.hex()}
            one = await reward_rows(house.oracle, house.treasury, house.network, gateways[2:3])
            assert {row.hotspot for row in one} == {PublicKey.from_binary(gateways[2]).address}
            assert await reward_rows(house.oracle, house.treasury, house.network, []) == ()

    simulated(main)
