from decimal import Decimal

from skerry_coverage.iot.density import density_map
from skerry_coverage.iot.judge import judge_poc
from skerry_coverage.iot.registry import KeptTimes
from skerry_coverage.iot.shares import DataTransfer, ShareKind, active_cells, epoch_shares, poc_shares
from skerry_testing.poc import START_S, Neighbourhood

NOW_MS = START_S * 1000


def test_witnesses_take_the_beaconers_scale_and_their_own_unit() -> None:
    town = Neighbourhood(5)
    town.everybody_known(NOW_MS)
    poc = town.poc([1, 2, 3])
    verdict = judge_poc(poc)
    place = town.registry[town.key(0)].asserted
    assert place is not None
    density = density_map({place.cell: 2})
    shares = poc_shares(poc.beacon, verdict, beacon_cell=place.cell, density=density)
    assert [(share.kind, share.value) for share in shares] == [
        (ShareKind.BEACON, Decimal("0.37500000")),
        *[(ShareKind.WITNESS, Decimal("0.50000000"))] * 3,
    ]


def test_an_invalid_or_unheard_beacon_earns_nothing() -> None:
    town = Neighbourhood(3)
    unheard = town.poc([])
    place = town.registry[town.key(0)].asserted
    assert place is not None
    density = density_map({place.cell: 1})
    assert poc_shares(unheard.beacon, judge_poc(unheard), beacon_cell=place.cell, density=density) == []
    town.everybody_known(NOW_MS)
    alone = town.poc([])
    assert judge_poc(alone).beacon.valid
    assert poc_shares(alone.beacon, judge_poc(alone), beacon_cell=place.cell, density=density) == []


def test_an_epoch_takes_its_end_and_leaves_its_start() -> None:
    transfers = [
        DataTransfer(gateway=b"a", dc=dc, received_ms=at) for dc, at in ((1, 100), (10, 101), (100, 200), (1000, 201))
    ]
    assert epoch_shares([], transfers, start_ms=100, end_ms=200)[b"a"].dc == 110


def test_only_gateways_heard_within_the_window_count_for_density() -> None:
    town = Neighbourhood(3)
    times = {
        town.key(0): KeptTimes(last_beacon_reciprocity_ms=NOW_MS - 3_600_000 + 1),
        town.key(1): KeptTimes(last_beacon_reciprocity_ms=NOW_MS - 3_600_000),
        town.key(2): KeptTimes(last_witness_ms=NOW_MS),
        b"unknown": KeptTimes(last_beacon_reciprocity_ms=NOW_MS),
    }
    place = town.registry[town.key(0)].asserted
    assert place is not None
    assert active_cells(town.registry, times, now_ms=NOW_MS, window_s=3600) == {place.cell: 1}
