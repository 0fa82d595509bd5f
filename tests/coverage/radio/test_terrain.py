from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_radio.errors import RadioRefused
from skerry_radio.path_loss import fspl_db
from skerry_radio.terrain import Path, bullington, line_of_sight, path_loss_db

heights = st.lists(st.floats(-100, 3000), min_size=2, max_size=40)
F_HZ = 868_100_000


def path(ground: Sequence[float | None], tx: float = 10.0, rx: float = 10.0) -> Path:
    return Path(step_m=50.0, heights_m=ground, tx_height_m=tx, rx_height_m=rx)


@given(heights, st.floats(0, 100), st.floats(0, 100))
def test_terrain_never_makes_a_path_better_than_free_space(ground: list[float | None], tx: float, rx: float) -> None:
    one = path(ground, tx, rx)
    assert bullington(one, frequency_hz=F_HZ).loss_db >= 0
    assert path_loss_db(one, frequency_hz=F_HZ) >= max(0, fspl_db(distance_m=one.length_m, frequency_hz=F_HZ)) - 1e-9


@given(heights)
def test_what_is_visible_with_clearance_is_visible_without(ground: list[float | None]) -> None:
    if line_of_sight(path(ground), frequency_hz=F_HZ, fraction=0.6).visible:
        assert line_of_sight(path(ground)).visible


def test_a_hill_between_costs_more_than_a_plain() -> None:
    plain, hill = path([100.0] * 21), path([100.0] * 10 + [200.0] + [100.0] * 10)
    assert path_loss_db(hill, frequency_hz=F_HZ) > path_loss_db(plain, frequency_hz=F_HZ) + 15


def test_unknown_ground_is_never_taken_for_sea_level() -> None:
    with pytest.raises(RadioRefused, match="terrain_unknown"):
        line_of_sight(path([1.0, None, 1.0]))
