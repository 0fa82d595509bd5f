"""Secrets from the owner: typed unseen, or from a file or file descriptor. Never from the command line's words."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from skerry_core.errors import UsageError

__all__ = ["ask_secret", "password_options"]

_LIMIT_BYTES = 1 << 16
F = TypeVar("F", bound=Callable[..., Any])


def password_options(command: F) -> F:
    """Give a command --password-file and --password-fd."""
    file = click.option(
        "--password-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="Read the password from the first line of this file.",
    )  # fmt: skip
    descriptor = click.option(
        "--password-fd", type=click.IntRange(min=0), help="Read the password from this open file descriptor."
    )
    return file(descriptor(command))


def ask_secret(words: str, *, file: Path | None = None, descriptor: int | None = None, confirm: bool = False) -> str:
    """Return a secret without its line end. Raises `UsageError` E_SECRET where nobody can be asked, or it is empty."""
    if file is not None:
        secret = file.read_bytes()[:_LIMIT_BYTES].decode("utf-8", "replace").splitlines()[:1]
    elif descriptor is not None:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            secret = stream.read(_LIMIT_BYTES).decode("utf-8", "replace").splitlines()[:1]
    elif sys.stdin.isatty():
        secret = [click.prompt(words, hide_input=True, confirmation_prompt=confirm, err=True)]
    else:
        raise UsageError(
            "E_SECRET",
            f"{words} is needed, and nobody is at a terminal to type it.",
            remedy="Use --password-file or --password-fd; it is never taken from the command line.",
        )
    if not secret or not secret[0]:
        raise UsageError("E_SECRET", f"{words} is empty.")
    return secret[0]
