"""Tables for people: aligned columns that fit the terminal, folded onto further lines where they do not.

Used by every verb through `context`. A cell is never cut, for people copy ids and paths; only the last column, which
holds sentences, is wrapped.
"""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click

__all__ = ["screen_width", "table"]

PIPED_WIDTH = 120  # where nobody says how wide the page is; COLUMNS does
GAP = "  "
INDENT = "    "
PROSE = 34  # characters that a sentence needs beside other columns; narrower, it gets its own line
USUAL = 48  # characters of most ids and paths: a line that a longer one ends may become longer than the page
ABSENT = "-"


def screen_width() -> int:
    """Return how many characters fit into a line of stdout; COLUMNS decides where it is set."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else PIPED_WIDTH


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None) -> str:
    """Return aligned columns; "-" for what is absent. A terminal gets bold headers, unless NO_COLOR is set."""
    cells = [[(ABSENT if cell is None else _clean(str(cell))) for cell in row] for row in rows]
    if not cells:
        return "(none)"
    fits = max(40, screen_width() if width is None else width)
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    parts = _folded(widths, fits)
    head = _lines([header.upper() for header in headers], widths, parts, fits)
    body = [line for row in cells for line in _lines(row, widths, parts, fits)]
    bold = not os.environ.get("NO_COLOR")
    return "\n".join([*(click.style(line, bold=True) if bold else line for line in head), *body])


def _folded(widths: Sequence[int], fits: int) -> list[range]:
    """Return which columns stand together on a line: as many as fit, the sentence of the last at least by its start."""
    last, parts, start, used = len(widths) - 1, [], 0, 0
    for place, width in enumerate(widths):
        if place > start and used + min(width, PROSE if place == last else USUAL) > fits:
            parts.append(range(start, place))
            start, used = place, len(INDENT)
        used += width + len(GAP)
    return [*parts, range(start, len(widths))]


def _lines(row: Sequence[str], widths: Sequence[int], parts: Sequence[range], fits: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and all(row[place] == ABSENT for place in part):
            continue  # a further line is for what there is to say
        indent = INDENT if lines else ""
        lines += _line(row, widths, part, indent, fits) if part[-1] == len(row) - 1 else [
            (indent + GAP.join(row[place].ljust(widths[place]) for place in part)).rstrip()
        ]  # fmt: skip
    return lines


def _line(row: Sequence[str], widths: Sequence[int], part: range, indent: str, fits: int) -> list[str]:
    """Return the columns with the last one, which is wrapped below itself."""
    before = indent + "".join(row[place].ljust(widths[place]) + GAP for place in part[:-1])
    room = fits - len(before)
    wrapped = textwrap.wrap(row[-1], max(room, PROSE), break_long_words=False, break_on_hyphens=False) or [""]
    return [
        ((before if number == 0 else " " * len(before)) + text).rstrip() for number, text in enumerate(wrapped)
    ]  # fmt: skip


def _clean(text: str) -> str:
    """Keep what came from radios and other people from steering the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)
