"""What fifty invented hotspots of one attacker earn under each admission policy; docs/trust.md tells the figures."""

import asyncio
from pathlib import Path

import pytest

from skerry_core.errors import RefusedError
from skerry_keys.public_key import PublicKey
from skerry_oracle.registry.policy import AdmissionPolicy, AllowListPolicy, Fee, FeePolicy, ManualPolicy
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, signer, simulated
from skerry_testing.village import Village

EPOCH = START_S // 43_200
SYBILS = 50
PURSE_DC = 20_000_000  # what the attacker is ready to burn: 200 dollars


class Purse:
    """Burns the attacker's data credits; honest owners have enough."""

    def __init__(self) -> None:
        self.burned = 0
        self._paid: set[str] = set()

    async def charge(self, fee: Fee) -> None:
        if fee.owner != signer("attacker").public_key or fee.fee_id in self._paid:
            return
        if self.burned + fee.dc > PURSE_DC:
            raise RefusedError("E_NO_DC", "The owner has no data credits left.")
        self.burned += fee.dc
        self._paid.add(fee.fee_id)


async def attack(clock: SimulatedClock, folder: Path, policy_name: str, *, fooled: bool) -> tuple[int, int, int, int]:
    """Return what the attacker and the honest owners are paid, the attacker's burned DC and admitted sybils."""
    payer, purse = OncePayer(), Purse()
    oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, payer=payer)
    policies: dict[str, AdmissionPolicy] = {
        "manual": ManualPolicy(),
        "allow-list": AllowListPolicy(oracle.registry.is_allowed),
        "dc-fee": FeePolicy(purse.charge),
    }
    oracle.registry.policy = policies[policy_name]
    await oracle.open()
    honest = Village(5)
    sybils = Village(SYBILS, name="sybil", owner="attacker", south=58.0, neighbours=14)
    for person in honest.people:
        await oracle.registry.allow(person.gateway.public_key)
    await honest.join(oracle.registry)
    for one in sybils.people:
        single = Village(0)
        single.people = [one]
        try:
            await single.join(oracle.registry, admit=fooled)
        except RefusedError:
            continue  # the fee for its location was not paid
    async with asyncio.TaskGroup() as group:
        group.create_task(honest.live(clock, honest.sinks(oracle), rounds=2))
        group.create_task(sybils.live(clock, sybils.sinks(oracle), rounds=2, step_s=200))
    await oracle.close_epoch(EPOCH)
    paid = payer.paid()
    loot = paid.pop(PublicKey(signer("attacker").public_key).solana_address or "", 0)
    admitted = sum(oracle.registry.is_registered(one.gateway.public_key) for one in sybils.people)
    await oracle.close()
    return loot, sum(paid.values()), purse.burned, admitted


@pytest.mark.parametrize(
    ("policy", "fooled", "admitted", "earns"),
    [
        ("manual", False, 0, False),
        ("allow-list", False, 0, False),
        ("dc-fee", False, 4, True),
        ("manual", True, 50, True),
    ],
)
def test_sybils_earn_only_where_admission_lets_them_in(
    tmp_path: Path, policy: str, fooled: bool, admitted: int, earns: bool
) -> None:
    loot, honest, burned, count = simulated(lambda clock: attack(clock, tmp_path, policy, fooled=fooled))
    assert count == admitted
    assert (loot > 0) is earns
    assert honest > 0
    if policy == "dc-fee":
        # The fee buys exactly as many sybils as were paid for; what they earn is the price of open admission.
        assert burned == PURSE_DC == admitted * 5_000_000
