"""A progress bar on stderr where that is a terminal, one line per tenth elsewhere. For commands that take seconds."""

import sys
from collections.abc import Callable

import click

__all__ = ["ProgressBar"]


class ProgressBar:
    """Entered, it is a function of a fraction from 0 to 1 and what is being done."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._name = name
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._task = self._bar.add_task(name, total=1.0)
        self._tenth = -1

    def __enter__(self) -> Callable[[float, str], None]:
        self._bar.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _show(self, fraction: float, words: str) -> None:
        self._bar.update(self._task, completed=fraction, description=words)
        if self._bar.disable and int(fraction * 10) > self._tenth:
            self._tenth = int(fraction * 10)
            click.echo(f"{self._name}: {fraction:4.0%} {words}", err=True)
