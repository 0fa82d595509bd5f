"""A progress bar on stderr where that is a terminal, one line per tenth elsewhere. For commands that take seconds."""

import sys
from collections.abc import Callable

import click

__all__ = ["ProgressBar"]


class ProgressBar:
    """Entered, it is a function of a fraction from 0 to 1 and what is being done."""

    def __init__(self, name: str, *, shown: bool = True) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        self._name = name
        self._shown = shown
        self._bar = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(overflow="ellipsis", no_wrap=True)),
            BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not (shown and sys.stderr.isatty()),
        )  # fmt: skip
        self._task = self._bar.add_task(name, total=1.0)
        self._tenth, self._start = -1, ""

    def __enter__(self) -> Callable[[float, str], None]:
        self._bar.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _show(self, fraction: float, words: str) -> None:
        self._bar.update(self._task, completed=fraction, description=words)
        tenth = int(fraction * 10)
        begins = fraction == 0 and words != self._start  # what keeps it from beginning is worth a line
        if self._shown and self._bar.disable and (tenth > self._tenth or begins):
            self._tenth, self._start = tenth, words if fraction == 0 else self._start
            click.echo(f"{self._name}: {fraction:4.0%} {words}", err=True)
