"""Weeks of realistic traffic: no quiet night is called an illness, and every radio that falls deaf is found."""

from copy import deepcopy
from itertools import pairwise

import pytest

from skerry_firmware_bridge.sentinel.sentinel import Condition
from skerry_testing.radio_life import PLACES, Life

FALSE = {"lumpy suburb": 1}  # an hour at a tenth of its rate, in the busiest time, is not told from an illness
ILL = {Condition.DEAF, Condition.WEAK, Condition.NOISY, Condition.STUCK}
# The longest that a deaf radio may go unnoticed, in hours, by the rate and shape of its place (weekends are silent).
FOUND_WITHIN_H = {
    "village": 20, "suburb": 3, "town": 1, "lumpy suburb": 6, "dead nights": 12, "factory": 66,
    "factory with days off": 66, "three regular sensors": 3,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_nobody_is_called_ill_in_four_weeks_and_the_deaf_are_found(place: str) -> None:
    life = Life(PLACES[place], seed=11)
    days = 14 if place == "town" else 28
    judged = [judgement.condition in ILL for _, judgement in life.live(days)]
    episodes = sum(is_ill and not was_ill for was_ill, is_ill in pairwise(judged))
    assert episodes <= FALSE.get(place, 0)
    for onset_days in (0.4, 0.6, 0.3):
        for _ in life.live(onset_days):
            pass
        deaf = deepcopy(life)
        deaf.deaf, began_s = True, deaf.now_s
        found_s = next(at_s for at_s, judgement in deaf.live(5) if judgement.condition is Condition.DEAF)
        assert found_s - began_s <= FOUND_WITHIN_H[place] * 3600
