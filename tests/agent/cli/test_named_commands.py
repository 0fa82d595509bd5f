"""Every command that a message, a docs page or a help text tells people to type exists, with its options."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from skerry_agent.cli.group import root

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("agent", "gui", "firmware_bridge", "coverage", "wallet")
MEMO = "skerry split "  # what is written beside a payment on the chain
COMMAND = re.compile(r"(?:^|[\s`(])skerry ([a-z-][^`\n)\"]*)")


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text constant of the sources, and every docs page."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "generated" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Constant(value=str(text), lineno=line) if not text.startswith(MEMO):
                        yield f"{path.relative_to(ROOT)}:{line}", text
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def _below(command: click.Command, name: str) -> click.Command | None:
    return command.get_command(click.Context(command), name) if isinstance(command, click.Group) else None


def unknown(words: list[str]) -> str | None:
    """Return the first word that is no command where one must be, or no option of the command."""
    command: click.Command = root
    rest = iter(words)
    for word in rest:
        if word in {"", "...", "|"}:
            return None  # more is written than said, or the table's next column begins
        if "|" in word:
            return next((one for one in word.split("|") if not _below(command, one)), None)
        options = {flag: param for param in [*root.params, *command.params] for flag in param.opts}
        if word.startswith("-"):
            option = options.get(word.partition("=")[0])
            if option is None:
                return None if word in {"--help", "-h"} else word
            if isinstance(option, click.Option) and not option.is_flag and "=" not in word:
                next(rest, None)
        elif isinstance(command, click.Group):
            below = _below(command, word)
            if below is None:
                return None if command.invoke_without_command else word
            command = below
        else:
            return None  # its arguments, or the sentence goes on
    return None


def test_the_named_commands_exist() -> None:
    wrong = []
    for place, text in texts():
        for found in COMMAND.finditer(text):
            words = [word.rstrip(".,;:") for word in found[1].split()]
            if words and (word := unknown(words)) is not None:
                wrong.append(f"{place}: skerry {' '.join(words)} - there is no {word}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [(["devices", "scan", "--json"], None), (["support"], "support"), (["devices", "scan", "--never"], "--never")],
)
def test_a_wrong_word_is_found(words: list[str], wrong: str | None) -> None:
    assert unknown(words) == wrong
