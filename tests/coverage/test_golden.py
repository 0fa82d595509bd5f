"""Golden results: what a rule set once decided it decides for ever. A change here needs a new rule-set id and date."""

import hashlib

import pytest

from skerry_core.strict_json import canonical
from skerry_coverage.iot.density import density_map
from skerry_coverage.iot.judge import PocVerdict
from skerry_coverage.iot.registry import Gateway
from skerry_coverage.iot.shares import DataTransfer, PocShare, active_cells, epoch_shares, poc_shares
from skerry_coverage.manifest import Manifest, iot_manifest
from skerry_coverage.profile.loader import load_profile
from skerry_coverage.profile.model import IotEntry
from skerry_keys.public_key import PublicKey
from skerry_testing.poc import START_S, Neighbourhood

TURN_S = 1_800
GOLDEN = {
    "iot/2022-12": "6f7b147de30e36a32a57bbe489a35ff3a31be05cdf3f31c92ca0100ed63d485d",
    "iot/2024-01": "de12b187a005f7c7cae638cee75baa4869971cd3b0e160aa7e999572954e5b05",
}
OPEN = load_profile("skerry-open")
ENTRIES = {"iot/2022-12": load_profile("helium-iot").iot[6], "iot/2024-01": OPEN.iot[0]}


def judge_day(entry: IotEntry) -> tuple[Neighbourhood, list[PocVerdict], list[PocShare]]:
    """Twelve hotspots beacon in turn for a day, with a duplicate, a too-close pair and a data-only hotspot."""
    assert entry.rules.judge is not None
    town = Neighbourhood(12)
    town.parameters = entry.poc
    place = town.registry[town.key(3)].asserted
    town.registry[town.key(4)] = Gateway(full=True, asserted=place)
    town.registry[town.key(5)] = Gateway(full=False, asserted=town.registry[town.key(5)].asserted)
    verdicts, shares = [], []
    for turn in range(48):
        at_s, beaconer = START_S + turn * TURN_S, turn % 12
        witnesses = [index for index in range(12) if (index + turn) % 5]
        poc = town.poc([*witnesses, witnesses[0]], beaconer=beaconer, at_s=at_s)
        verdict = entry.rules.judge(poc)
        town.times = {**town.times, **verdict.times}
        asserted = town.registry[town.key(beaconer)].asserted
        assert asserted is not None
        cells = active_cells(town.registry, town.times, now_ms=at_s * 1000, window_s=entry.density_window_s)
        density = density_map(cells, entry.density_table)
        shares += poc_shares(poc.beacon, verdict, beacon_cell=asserted.cell, density=density)
        verdicts.append(verdict)
    return town, verdicts, shares


def manifest_of(entry: IotEntry, town: Neighbourhood, shares: list[PocShare]) -> Manifest:
    epoch = entry.epoch_of_ms(START_S * 1000 + 1)
    start_ms, end_ms = entry.epoch_bounds_ms(epoch)
    carried = [DataTransfer(gateway=town.key(1), dc=250, received_ms=start_ms + 1)]
    return iot_manifest(
        profile=OPEN,
        entry=entry,
        epoch=epoch,
        shares=epoch_shares(shares, carried, start_ms=start_ms, end_ms=end_ms),
        owners={key: PublicKey(key).solana_address or "" for key in town.registry},
        lifetime_before={},
        price=OPEN.iot[0].price,
    )


@pytest.mark.parametrize("rules", GOLDEN)
def test_a_day_gives_the_verdicts_and_payouts_it_always_gave(rules: str) -> None:
    entry = ENTRIES[rules]
    town, verdicts, shares = judge_day(entry)
    manifest = manifest_of(entry, town, shares)
    content = {
        "verdicts": [
            [
                verdict.poc_id.hex(),
                verdict.beacon.reason,
                [one.position for one in verdict.selected],
                [[one.position, one.judgement.reason, one.side] for one in verdict.unselected],
            ]
            for verdict in verdicts
        ],
        # Engine version and profile hash may change without any result changing.
        "manifest": {name: value for name, value in manifest.content.items() if name not in ("engine", "profile_hash")},
    }
    assert manifest.content["paid_bones"] > 0
    assert hashlib.sha256(canonical(content)).hexdigest() == GOLDEN[rules]
