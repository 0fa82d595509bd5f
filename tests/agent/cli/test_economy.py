"""`skerry economy`: the published numbers come out of the command line, exactly."""

import re

import pytest

from skerry_testing.cli import skerry


def run(*arguments: str) -> dict[str, str | int]:
    ran = skerry(None, "economy", *arguments, "--json")
    assert ran.code == 0, ran.err
    return dict(ran.json)


@pytest.mark.parametrize(
    ("vehnt", "dc", "fees", "published"),
    [
        ("598502751", "9780594", "14250808.50", 363_670_976_926),
        ("624148052", "552799701", "194010", 973_929_562_628),
    ],
)
def test_the_two_scores_of_the_table_come_out_to_two_parts_in_a_billion(
    vehnt: str, dc: str, fees: str, published: int
) -> None:
    found = run("utility-score", "--vehnt", vehnt, "--dc-burned", dc, "--fees-usd", fees)
    assert abs(int(found["score"]) - published) / published < 2e-9


def test_without_options_the_worked_examples_are_computed() -> None:
    ran = skerry(None, "economy", "utility-score", "--json")
    scores = {row["subdao"]: row["score"] for row in ran.json["examples"]}
    assert abs(scores["IOT"] / 363_670_976_926 - 1) < 2e-9
    assert abs(scores["MOBILE"] / 973_929_562_628 - 1) < 2e-9


def test_the_examples_of_the_help_text_give_the_scores_that_it_names() -> None:
    text = skerry(None, "economy", "utility-score", "--help").out
    examples = re.findall(r"skerry economy (utility-score --[^\n]+)", text)
    named = [int(number.replace(",", "")) for number in re.findall(r"\d{3}(?:,\d{3}){3}", text)]
    assert [int(run(*example.split())["score"]) for example in examples] == named
    assert named == [363_670_976_926, 973_929_562_628]


def test_the_new_rule_counts_votes_alone() -> None:
    found = run("utility-score", "--vehnt", "1.5", "--dc-burned", "999", "--rule", "hip-141")
    assert found["score_12_decimals"] == 1_500_000_000_000


def test_emission_burn_treasury_and_backstop_are_integers_of_the_sheet() -> None:
    assert run("emission", "--token", "hnt", "--epoch", "20542")["base_units"] == 2_054_794_520_548
    assert run("emission", "--token", "mobile", "--epoch", "1")["base_units"] is None
    net = run("net-emission", "--burned", str(10**13), "--previous-smoothed", str(10**12))
    assert net["smoothed_bones"] == 6 * 10**12 // 7 + 10**13 // 7
    assert net["re_emission_bones"] == 164_383_561_643
    paid = run("treasury", "--treasury", "5000", "--supply", "10000000", "--redeem", "10000000")
    assert paid["paid_bones"] == 5000
    backstop = run("hip149", "--emission", "2054794520548", "--smoothed", "0", "--dc-burned", "1000000000",
                   "--share", "3126899712", "--ema-price", "100000000")  # fmt: skip
    assert backstop["cap_hnt"] == 10**9 * 3 * 10**11 // 10**8
    assert backstop["top_up"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["utility-score", "--vehnt", "-1"],
        ["utility-score", "--vehnt", "nan"],
        ["utility-score", "--vehnt", "1e9"],
        ["utility-score", "--dc-burned", "5"],
        ["treasury", "--treasury", "1", "--supply", "0", "--redeem", "0"],
        ["hip149", "--emission", "1", "--smoothed", "1", "--dc-burned", "1", "--share", "1", "--ema-price", "1",
         "--ema-conf", "1"],
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_a_usage_error(arguments: list[str]) -> None:
    assert skerry(None, "economy", *arguments).code == 2


def test_dc_conversion_rounds_as_the_program_does() -> None:
    shared = ["dc", "price", "--ema-price", "250000000", "--ema-conf", "100000", "--json"]
    found = skerry(None, *shared, "--hnt-bones", "100000001").json
    assert (found["price_used"], found["dc"]) == (249_800_000, 100_000_001 * 249_800_000 // 10**11)
    back = skerry(None, *shared, "--dc", "249800").json
    assert back["hnt_bones"] == 249_800 * 10**11 // 249_800_000
    assert skerry(None, "dc", "price", "--ema-price", "5", "--ema-conf", "3").code == 2
