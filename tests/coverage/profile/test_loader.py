from pathlib import Path

import pytest

from skerry_coverage.profile.errors import ProfileRejected
from skerry_coverage.profile.loader import SHIPPED, load_profile, parse_profile, with_overrides

OPEN = Path(__file__).parents[3] / "coverage/skerry_coverage/profile/data/skerry-open.toml"

# A change of any shipped profile is a new network for those who pinned its hash: change these on purpose only.
HASHES = {
    "skerry-open": "17d7ba046b871103d50e11d347e70159cb86c268e6a037ab45aae24906ffa1e9",
    "helium-iot": "96b17dcfb01b437efba2acc759b193fe254ce6421411895858cf023be1a95625",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_keeps_its_hash(name: str) -> None:
    assert load_profile(name).hash.hex() == HASHES[name]


def test_comments_and_layout_do_not_change_the_hash() -> None:
    text = "# another head\n\n" + OPEN.read_text().replace("  max_witnesses = 14", "max_witnesses   =   14 # note")
    assert parse_profile(text, source="x").hash == load_profile("skerry-open").hash


def test_entries_of_history_follow_each_other_without_a_gap() -> None:
    entries = load_profile("helium-iot").iot
    assert [entry.ends_s for entry in entries[:-1]] == [entry.starts_s for entry in entries[1:]]
    assert entries[-1].ends_s is None
    assert entries[-1].rules.judge is None


@pytest.mark.parametrize(
    ("day_s", "rules", "token"),
    [
        (1_669_852_800, "iot/2022-12", "IOT"),
        (1_706_227_199, "iot/2022-12", "IOT"),
        (1_706_227_200, "iot/2024-01", "IOT"),
        (1_738_022_400, "iot/2024-01", "HNT"),
        (1_783_296_000, "iot/2026-07", "HNT"),
    ],
)
def test_the_rules_of_a_day_are_found(day_s: int, rules: str, token: str) -> None:
    entry = load_profile("helium-iot").iot_at(day_s)
    assert entry is not None
    assert (entry.rules.id, entry.token.symbol) == (rules, token)


def test_before_the_first_entry_there_are_no_rules() -> None:
    assert load_profile("helium-iot").iot_at(1_000_000_000) is None


def test_overrides_give_a_variant_with_another_hash() -> None:
    shipped = load_profile("skerry-open")
    demo = with_overrides(shipped, {"network": "demo", "iot.epoch_s": 600, "iot.poc.beacon_interval_s": 60})
    assert (demo.network, demo.iot[0].epoch_s, demo.iot[0].poc.beacon_interval_s) == ("demo", 600, 60)
    assert demo.hash != shipped.hash
    assert shipped.iot[0].epoch_s == 86_400


@pytest.mark.parametrize("name", ["iot.epochs", "nothing", "iot.poc.beacon_interval_s.more"])
def test_an_override_of_a_setting_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ProfileRejected, match="no such setting"):
        with_overrides(load_profile("skerry-open"), {name: 1})


def test_an_override_with_a_wrong_value_names_the_setting() -> None:
    with pytest.raises(ProfileRejected, match=r"iot\[0\]\.epoch_s: expected an integer"):
        with_overrides(load_profile("skerry-open"), {"iot.epoch_s": 0})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "max_witnesses = 14",
            "max_witnesses = 14.5",
            r"x\.toml:33: iot\[0\]\.poc\.max_witnesses: expected an integer",
        ),
        ("max_witnesses = 14", "max_witnesses = true", r"max_witnesses: expected an integer"),
        ('rules = "iot/2024-01"', 'rules = "iot/1"', r"x\.toml:21: iot\[0\]\.rules: expected one of"),
        ("decimals = 6", "decimals = 6\nmore = 1", r"x\.toml:18: tokens\.iot\.more: unknown setting"),
        ("epoch_s = 86400\n", "", r"x\.toml:20: iot\[0\]\.epoch_s: missing"),
        ("format = 1", "format = = 1", r"x\.toml:3: not TOML"),
        ('from = "2024-01-26T00:00:00Z"', 'from = "2024-01-26"', r"from: expected a time with zone"),
        ('from = "2024-01-26T00:00:00Z"', "from = 2024-01-26", r"from: expected text"),
        ("beacon_ppm = 60000", "beacon_ppm = 600000", r"the parts add up to"),
        ("signatures_needed = 0", "signatures_needed = 2", r"signatures_needed: expected an integer from 0 to 1"),
        ("[operator]", "[[operator]]", r"operator: expected a table"),
        ("[[iot]]", "[iot]", r"iot: expected tables"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_setting(old: str, new: str, message: str) -> None:
    text = OPEN.read_text()
    assert old in text
    with pytest.raises(ProfileRejected, match=message):
        parse_profile(text.replace(old, new, 1), source="x.toml")


def test_overlapping_entries_are_refused() -> None:
    text = OPEN.read_text()
    entry = text[text.index("[[iot]]") :]
    with pytest.raises(ProfileRejected, match="do not overlap"):
        parse_profile(f"{text}\n{entry}", source="x.toml")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ProfileRejected, match=r"nowhere\.toml: cannot be read"):
        load_profile("nowhere.toml")


def test_a_report_belongs_to_the_epoch_whose_end_it_reaches() -> None:
    entry = load_profile("skerry-open").iot[0]
    start_ms, end_ms = entry.epoch_bounds_ms(19_000)
    assert entry.epoch_of_ms(start_ms) == 18_999
    assert entry.epoch_of_ms(start_ms + 1) == entry.epoch_of_ms(end_ms) == 19_000
    assert entry.closes_at_ms(19_000) == end_ms + 1_800_000
