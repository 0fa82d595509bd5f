"""`skerry conformance PATH...`: for everyone who implements the same rules."""

from pathlib import Path

import click

from skerry_agent.cli.context import json_option, show, table
from skerry_agent.cli.exits import ERROR

__all__ = ["conformance"]

SHOWN = 10  # failures per kind in the text form


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
def conformance(*, paths: tuple[Path, ...], as_json_: bool) -> int:
    """Run test vectors and compare; a failed or unsupported case gives a non-zero exit code."""
    from skerry_agent.conformance_run import collect_kinds, run_files, vector_files

    results = run_files(vector_files(paths), collect_kinds())

    def text() -> str:
        rows = [(name, one.passed, one.failed, one.unsupported) for name, one in results.items()]
        lines = [table(("kind", "passed", "failed", "unsupported"), rows)]
        for name, one in results.items():
            lines += [
                f"{name} {failure['id']}: expected {failure['expected']}, got {failure['got']}"
                for failure in one.failures[:SHOWN]
            ]
        return "\n".join(lines)

    show({name: one.as_json() for name, one in results.items()}, json_wanted=as_json_, text=text)
    return ERROR if any(one.failed or one.unsupported for one in results.values()) else 0
