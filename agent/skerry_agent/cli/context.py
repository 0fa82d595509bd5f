"""What every command is given: paths, settings, a connection to the running agent, and ways to print."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from skerry_agent.cli.table import table
from skerry_client.paths import Paths, choose_paths
from skerry_client.readings import span
from skerry_core.errors import UsageError

if TYPE_CHECKING:
    from skerry_agent.settings import Settings
    from skerry_client.http import AgentClient

__all__ = ["GLOBAL_OPTIONS", "Cli", "accept_globals", "as_json", "json_option", "pass_cli", "show", "span", "table"]

T = TypeVar("T")


@dataclass(kw_only=True)
class Cli:
    """The global options of one invocation."""

    folder: Path | None = None
    flags: tuple[str, ...] = ()
    address: str | None = None
    debug: bool = False

    @cached_property
    def paths(self) -> Paths:
        """Where everything is."""
        return choose_paths(self.folder, environ=os.environ)

    @cached_property
    def settings(self) -> "Settings":
        """The settings in force; unknown keys are told on stderr once. Raises `UserError`."""
        settings = self.read_settings()
        for warning in settings.warnings:
            click.echo(f"warning: {warning}", err=True)
        return settings

    def read_settings(self) -> "Settings":
        """Read the settings anew. Raises `UserError`."""
        from skerry_agent.settings import load

        return load(file=self.paths.config, environ=os.environ, flags=_pairs(self.flags))

    @asynccontextmanager
    async def agent(self) -> AsyncIterator["AgentClient"]:
        """Connect to the running agent: the local one, or --address with SKERRY_TOKEN. Raises `NotReachable`."""
        from skerry_client.errors import NotReachable
        from skerry_client.http import AgentClient

        token = os.environ.get("SKERRY_TOKEN") or None
        if self.address is not None:
            async with AgentClient.open(self.address, token=token) as client:
                yield client
            return
        paths = self.paths
        try:
            address = paths.address.read_text().strip()
            fingerprint = paths.fingerprint.read_text().strip() if paths.fingerprint.exists() else None
            token = token or paths.token.read_text().strip()
        except FileNotFoundError:
            raise NotReachable(f"nothing runs in {paths.runtime}") from None
        socket = paths.socket if paths.socket.exists() else None
        base = "http://localhost" if socket else address
        async with AgentClient.open(base, token=token, socket=socket, fingerprint=fingerprint) as client:
            yield client

    def ask(self, question: Callable[["AgentClient"], Awaitable[T]]) -> T:
        """Ask the running agent one thing."""

        async def main() -> T:
            async with self.agent() as client:
                return await question(client)

        return asyncio.run(main())


def accept_globals(command: click.Command) -> None:
    """Let a verb and those below it take the global options too: `skerry run --dir FOLDER` is how people type it."""
    taken = {flag for param in command.params for flag in param.opts}
    command.params += [option for make in GLOBAL_OPTIONS if not taken & set((option := make(hidden=True)).opts)]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            accept_globals(below)


def _global(*names: str, note: Callable[[Cli, Any], None], **more: Any) -> Callable[..., click.Option]:
    def callback(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value not in (None, (), False):
            note(ctx.ensure_object(Cli), value)

    def make(*, hidden: bool = False) -> click.Option:
        shown = not hidden or names == ("--dir",)  # the one that people need at every verb
        return click.Option(names, expose_value=False, callback=callback, hidden=not shown, **more)

    return make


def _note_folder(cli: Cli, folder: Path) -> None:
    cli.folder = folder


def _note_flags(cli: Cli, flags: tuple[str, ...]) -> None:
    cli.flags += flags


def _note_address(cli: Cli, address: str) -> None:
    cli.address = address


def _note_debug(cli: Cli, debug: bool) -> None:
    cli.debug = debug


GLOBAL_OPTIONS = (
    _global("--dir", note=_note_folder, type=click.Path(path_type=Path), help="Keep everything in this folder."),
    _global("--set", note=_note_flags, multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated."),
    _global(
        "--address",
        note=_note_address,
        metavar="URL",
        help="Talk to the agent at this address (token in SKERRY_TOKEN).",
    ),
    _global("--debug", note=_note_debug, is_flag=True, help="Show where an internal error happened."),
)
pass_cli = click.make_pass_decorator(Cli)
json_option = click.option("--json", "as_json_", is_flag=True, help="Print JSON.")


def as_json(value: Any) -> Any:
    """Return a model of the client as plain JSON values with the contract's names."""
    from dataclasses import fields, is_dataclass
    from datetime import datetime

    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        result = {item.name.rstrip("_"): as_json(getattr(value, item.name)) for item in fields(value)}
        if isinstance(result.get("amount"), int):
            result["amount"] = str(result["amount"])
        return result
    if isinstance(value, Mapping):
        return {str(name): as_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(member) for member in value]
    return value


def show(value: Any, *, json_wanted: bool, text: Callable[[], str]) -> None:
    """Print a result to stdout: JSON when wanted, text otherwise."""
    click.echo(json.dumps(as_json(value), indent=2 if sys.stdout.isatty() else None) if json_wanted else text())


def _pairs(flags: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for flag in flags:
        key, separator, value = flag.partition("=")
        if not separator:
            raise UsageError("E_SET", f"--set takes KEY=VALUE, not {flag!r}.")
        pairs[key.strip()] = value
    return pairs
