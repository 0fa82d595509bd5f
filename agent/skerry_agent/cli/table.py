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
    if len(parts) > 1 and (narrower := _narrowed(widths, headers, cells, fits)):
        widths, parts = narrower, [range(len(narrower))]
    head = _lines([header.upper() for header in headers], widths, parts, fits)
    body = [line for row in cells for line in _lines(row, widths, parts, fits)]
    bold = not os.environ.get("NO_COLOR")
    return "\n".join([*(click.style(line, bold=True) if bold else line for line in head), *body])


def _narrowed(
    widths: Sequence[int], headers: Sequence[str], cells: Sequence[Sequence[str]], fits: int
) -> list[int] | None:
    """Return widths with which all stand on one line, though one cell in five may exceed its column; None for none.

    So a long path folds its own row and no other.
    """
    spare, result = len(cells) // 5, list(widths)
    lengths = [sorted(map(len, column)) for column in zip(*cells, strict=True)]
    usual = [max(len(head), column[-1 - spare]) for head, column in zip(headers, lengths, strict=True)]
    for place in sorted(range(len(widths) - 1), key=lambda one: widths[one] - usual[one], reverse=True):
        result[place] = usual[place]
        room = fits - sum(result[:-1]) - len(GAP) * (len(result) - 1) - min(result[-1], PROSE)
        if room >= 0:
            result[place] = max([usual[place], *(size for size in lengths[place] if size <= usual[place] + room)])
            return result
    return None


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
        lines += _part(row, widths, part, INDENT if lines else "", fits)
    return lines


def _part(row: Sequence[str], widths: Sequence[int], part: range, indent: str, fits: int) -> list[str]:
    """Return the lines of columns that stand together; what comes behind a cell that is too wide goes below it."""
    lines, line, start = [], indent, len(indent)
    for place in part[:-1]:
        start += widths[place] + len(GAP)
        line += row[place].ljust(widths[place]) + GAP
        if len(line) > start:
            lines.append(line.rstrip())
            line = " " * start
    text = row[part[-1]]
    wrapped = [text]
    if part[-1] == len(row) - 1 and start + len(text) > fits:  # sentences stand in the last column
        wrapped = textwrap.wrap(text, max(fits - start, PROSE), break_long_words=False, break_on_hyphens=False)
    lines.append((line + wrapped[0]).rstrip())
    return [*lines, *(" " * start + more for more in wrapped[1:])]


def _clean(text: str) -> str:
    """Keep what came from radios and other people from steering the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)
