from pathlib import Path

import pytest

from skerry_testing.cli import skerry

CELL = "8c2681a3064d9ff"
OWNER = "11111111111111111111111111111112"


def test_flags_set_up_an_agent_without_a_terminal(tmp_path: Path) -> None:
    arguments = ["--region", "EU868", "--location", CELL, "--gain-ddbi", "23", "--owner", OWNER]
    ran = skerry(tmp_path, "setup", *arguments, "--radio", "wio-e5:/dev/ttyUSB0", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["settings"]["hotspot.region"] == "EU868"
    assert skerry(tmp_path, "key", "show").out.split()[0] == ran.json["address"]
    for key, value in (("hotspot.location", CELL), ("hotspot.antenna_gain_ddbi", "23"), ("hotspot.owner", OWNER)):
        assert skerry(tmp_path, "config", "get", key).out == f"{value}\n"
    assert skerry(tmp_path, "config", "check").code == 0
    again = skerry(tmp_path, "setup", "--elevation-m", "12")
    assert (again.code, ran.json["address"] in again.out) == (0, True)
    assert skerry(tmp_path, "config", "get", "hotspot.region").out == "EU868\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--region", "MARS"],
        ["--location", "nowhere"],
        ["--location", "8b2681a3064dfff"],
        ["--gain-ddbi", "much"],
        ["--owner", "0OIl"],
        ["--owner", "111"],
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_made(tmp_path: Path, wrong: list[str]) -> None:
    ran = skerry(tmp_path / "a", "setup", *wrong)
    assert ran.code == 2, ran.err
    assert not (tmp_path / "a").exists()


def test_on_a_terminal_it_asks_for_what_no_flag_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(question: str, **_: object) -> str:
        asked.append(question)
        return (
            {"Location": CELL, "Antenna above": "7"}.get(" ".join(question.split()[:2]), "")
            if "Region" not in question
            else "EU868"
        )

    monkeypatch.setattr("skerry_agent.cli.setup.click.prompt", prompt)
    monkeypatch.setattr("skerry_agent.cli.setup.sys.stdin.isatty", lambda: True, raising=False)
    ran = skerry(tmp_path, "setup", "--gain-ddbi", "50")
    assert ran.code == 0, ran.err
    assert len(asked) == 5
    assert skerry(tmp_path, "config", "get", "hotspot.region").out == "EU868\n"
    assert skerry(tmp_path, "config", "get", "hotspot.elevation_m").out == "7\n"
    assert "next:     skerry run" in ran.out
