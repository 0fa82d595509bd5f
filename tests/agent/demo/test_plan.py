"""The neighbourhood of a seed: always the same, never too close save the planted pair."""

import h3.api.basic_str as h3
import pytest

from skerry_agent.demo.plan import NEAREST_CELLS, Fraud, RadioKind, plan_neighbourhood
from skerry_core.errors import UsageError


def test_a_seed_always_gives_the_same_neighbourhood_and_two_seeds_differ() -> None:
    def described(seed: int) -> list[tuple[bytes, str, bytes]]:
        plan = plan_neighbourhood(hotspots=12, seed=seed)
        return [(one.gateway.public_key, one.cell, one.eui) for one in plan.hotspots]

    assert described(7) == described(7)
    assert not set(described(7)) & set(described(8))


def test_every_hotspot_has_an_owner_a_key_and_a_radio_of_its_own() -> None:
    plan = plan_neighbourhood(hotspots=14, seed=3)
    assert [one.number for one in plan.hotspots] == list(range(14))
    for name in ("gateway", "owner"):
        assert len({getattr(one, name).public_key for one in plan.hotspots}) == 14
    assert len({one.eui for one in plan.hotspots}) == 14
    kinds = [one.radio for one in plan.hotspots]
    assert (kinds.count(RadioKind.GWMP), kinds[-2:]) == (12, [RadioKind.WIO_E5, RadioKind.RAK3172])
    keys = [key.public_key for key in plan.operator_keys.values()]
    assert len(set(keys)) == len(keys) == 5


def test_only_the_planted_pair_stands_too_close() -> None:
    plan = plan_neighbourhood(hotspots=12, seed=7)
    cells = [h3.cell_to_parent(one.cell, 11) for one in plan.hotspots]
    near = {
        (a, b)
        for a in range(len(cells))
        for b in range(a + 1, len(cells))
        if h3.grid_distance(cells[a], cells[b]) < NEAREST_CELLS
    }
    assert near == {(0, 1)}
    assert plan.of_fraud(Fraud.TOO_CLOSE).number == 1
    assert plan.of_fraud(Fraud.NOT_ADMITTED).number == 2


@pytest.mark.parametrize("hotspots", [0, 11, 201])
def test_a_size_that_cannot_show_everything_is_refused(hotspots: int) -> None:
    with pytest.raises(UsageError) as caught:
        plan_neighbourhood(hotspots=hotspots, seed=7)
    assert (caught.value.code, caught.value.params) == ("E_DEMO_SIZE", {"hotspots": hotspots})
