"""What a radio learned, and that no store however damaged breaks it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_firmware_bridge.sentinel.normal import HOUR_NS, MAX_SENDERS, Normal, Sender

MONDAY = 497_376  # an hour since 1970, midnight of a Monday in UTC
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["0", "7", "23", "-1", "x"]), inner),
    max_leaves=12,
)
NAMES = ["of_day", "of_week", "per_hour", "longest", "frames", "noise_dbm", "bad_per_hour", "senders", "repairs_s"]


@settings(max_examples=200, deadline=None)
@given(stored=st.dictionaries(st.sampled_from(NAMES), JSON))
def test_a_damaged_store_is_learned_again(stored: dict[str, object]) -> None:
    normal = Normal.from_json(stored)
    assert normal.expected(MONDAY * HOUR_NS, (MONDAY + 200) * HOUR_NS) >= 0
    assert normal.limit > 0
    assert Normal.from_json(json.loads(json.dumps(normal.to_json()))) == Normal.from_json(normal.to_json())


def test_what_version_0_1_stored_is_read() -> None:
    normal = Normal.from_json({"per_hour": {"3": 12.5}, "frames": 70, "repairs_s": [1]})
    assert (normal.of_day, normal.frames, normal.repairs_s) == ({3: 12.5}, 70, [1])


def test_everything_learned_is_stored() -> None:
    normal = Normal(
        of_day={3: 2.5}, of_week={160: 1.5}, longest=9.5, frames=7, noise_dbm=-110.5, bad_per_hour=3.5,
        senders={"01020304": Sender(rssi_dbm=-99.5, frames=12)}, repairs_s=[4, 5],
    )  # fmt: skip
    assert Normal.from_json(json.loads(json.dumps(normal.to_json()))) == normal


def test_a_weekend_is_known_after_one_and_an_hour_beside_a_quiet_one_is_quiet() -> None:
    normal = Normal()
    for hour in range(MONDAY, MONDAY + 2 * 168):
        works = hour % 24 in range(6, 18) and (hour - MONDAY) // 24 % 7 < 5
        normal.learn_hour(hour, 50 if works else 0)
    week = MONDAY + 2 * 168
    noon = normal.expected((week + 12) * HOUR_NS, (week + 13) * HOUR_NS)
    first = normal.expected((week + 6) * HOUR_NS, (week + 7) * HOUR_NS)
    saturday = normal.expected((week + 5 * 24) * HOUR_NS, (week + 7 * 24) * HOUR_NS)
    assert (noon > 10, first, saturday) == (True, 0.0, 0.0)


def test_chance_alone_does_not_make_the_usual_rate_low() -> None:
    normal = Normal(of_day={12: 4.0, 11: 3.0, 13: 3.5}, of_week={MONDAY % 168 + 12: 2.6})
    assert normal.expected((MONDAY + 12) * HOUR_NS, (MONDAY + 13) * HOUR_NS) == 4.0


def test_a_store_holds_a_bounded_number_of_senders() -> None:
    raw = {"senders": {f"{number:08x}": [-90, 5] for number in range(1000)}}
    assert len(Normal.from_json(raw).senders) == MAX_SENDERS
