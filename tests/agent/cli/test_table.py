"""Tables fit the page: folded, wrapped, never cut; and plain where colours are not wanted."""

import pytest
from click import unstyle

from skerry_agent.cli.table import PIPED_WIDTH, screen_width, table

HEADERS = ("state", "last heard", "device", "says")
PLACE = "modem:/dev/serial/by-id/usb-Quectel_RM520N-GL-if02"
REASON = "There is no serial port. Plug the device in, or run: skerry devices scan"


def lines(*rows: tuple[object, ...], width: int) -> list[str]:
    return unstyle(table(HEADERS, rows, width=width)).splitlines()


def test_what_fits_stands_on_one_line_each() -> None:
    assert lines(("up", "1 s ago", "d1", "Answers."), ("down", None, "d2", "Silent."), width=80) == [
        "STATE  LAST HEARD  DEVICE  SAYS",
        "up     1 s ago     d1      Answers.",
        "down   -           d2      Silent.",
    ]


def test_a_long_sentence_is_wrapped_below_itself() -> None:
    assert lines(("down", "1 s ago", "d1", REASON), width=66) == [
        "STATE  LAST HEARD  DEVICE  SAYS",
        "down   1 s ago     d1      There is no serial port. Plug the",
        "                           device in, or run: skerry devices scan",
    ]


def test_where_no_room_is_left_the_sentence_stands_below_its_row() -> None:
    assert lines(("down", "1 s ago", PLACE, REASON), width=80) == [
        "STATE  LAST HEARD  DEVICE",
        "    SAYS",
        f"down   1 s ago     {PLACE}",
        "    There is no serial port. Plug the device in, or run: skerry devices scan",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_word_is_ever_cut_and_lines_stay_within_the_page_but_for_a_word_that_is_longer(width: int) -> None:
    told = lines(("down", "1 s ago", PLACE, f"{REASON} {'x' * 90}"), width=width)
    words = " ".join(told).split()
    assert {PLACE, "x" * 90, *REASON.split()} <= set(words)
    assert all(len(line) <= width for line in told if PLACE not in line and "xx" not in line)


def test_a_further_line_without_content_is_left_out() -> None:
    rows = [("up", "1 s ago", PLACE, None), ("up", "1 s ago", PLACE, REASON)]
    assert lines(*rows, width=80)[2:4] == [f"up     1 s ago     {PLACE}"] * 2


def test_the_page_is_as_wide_as_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "93")
    assert screen_width() == 93
    for odd in ("", "wide", "-3"):
        monkeypatch.setenv("COLUMNS", odd)
        assert screen_width() == PIPED_WIDTH


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1m" in table(("a",), [("b",)])  # `click.echo` takes it out where no terminal is
    monkeypatch.setenv("NO_COLOR", "1")
    assert table(("a",), [("b",)]) == "A\nb"


def test_one_long_cell_folds_its_own_row_and_no_other() -> None:
    rows = [("up", "1 s ago", f"d{n}", "Answers.") for n in range(4)]
    told = lines(*rows, ("up", "2 s ago", f"{PLACE}-{PLACE}", "Answers."), width=80)
    assert told[0] == "STATE  LAST HEARD  DEVICE  SAYS"
    assert told[4:] == [
        "up     1 s ago     d3      Answers.",
        f"up     2 s ago     {PLACE}-{PLACE}",
        "                           Answers.",
    ]


def test_blanks_in_a_cell_that_fits_are_kept() -> None:
    assert unstyle(table(("a", "b"), [("x", "1   2")], width=80)).splitlines()[1] == "x  1   2"


@pytest.mark.parametrize("cell", ["", " ", "-" * 300])
def test_odd_cells_make_one_line(cell: str) -> None:
    assert len(unstyle(table(("a",), [(cell,)], width=80)).split("\n")) == 2
