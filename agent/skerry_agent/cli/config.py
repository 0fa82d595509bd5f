"""`skerry config`, `paths`, `version`, `completion`."""

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.redact import redact
from skerry_core import __version__

__all__ = ["completion", "config", "paths", "version"]


@click.group()
def config() -> None:
    """Settings: what is in force and where it came from."""


@config.command("show")
@json_option
@pass_cli
def show_all(cli: Cli, /, *, as_json_: bool) -> None:
    """Show every setting in force and where it came from."""
    from skerry_agent.settings import SETTINGS

    settings = cli.settings
    rows = {
        one.key: {"value": settings[one], "origin": settings.origins[one.key], "default": one.default, "doc": one.doc}
        for one in SETTINGS
    }

    def text() -> str:
        return table(
            ("key", "value", "origin"), [(key, _text(row["value"]), row["origin"]) for key, row in rows.items()]
        )

    show(rows, json_wanted=as_json_, text=text)


@config.command()
@click.argument("key")
@json_option
@pass_cli
def get(cli: Cli, /, *, key: str, as_json_: bool) -> None:
    """Print one setting's value."""
    from skerry_agent.settings import setting_named

    value = cli.settings[setting_named(key)]
    show(
        {"key": key, "value": value, "origin": cli.settings.origins[key]},
        json_wanted=as_json_,
        text=lambda: _text(value),
    )


@config.command()
@json_option
@pass_cli
def check(cli: Cli, /, *, as_json_: bool) -> int:
    """Check the settings file; unknown keys are named and give exit code 5, what `skerry run` would refuse 2."""
    from skerry_agent.cli.exits import ATTENTION
    from skerry_agent.runtime.attached import attached_devices
    from skerry_agent.runtime.radio_settings import radio_settings
    from skerry_agent.settings.table import DEVICES_ATTACHED

    settings = cli.read_settings()
    radio_settings(settings)
    attached = settings[DEVICES_ATTACHED]
    attached_devices(attached)
    good = not settings.warnings
    answer = {"file": str(cli.paths.config), "exists": cli.paths.config.exists(), "warnings": settings.warnings}
    show(answer, json_wanted=as_json_, text=lambda: "\n".join(settings.warnings) or f"{cli.paths.config}: good")
    return 0 if good else ATTENTION


@config.command("set")
@click.argument("key")
@click.argument("value")
@json_option
@pass_cli
def set_one(cli: Cli, /, *, key: str, value: str, as_json_: bool) -> None:
    """Change one setting in the file; the agent uses it after its next start, or `skerry config reload`."""
    from skerry_agent.settings import setting_named
    from skerry_agent.settings.edit import set_in_file
    from skerry_agent.settings.setting import ValueRejected
    from skerry_core.errors import UsageError

    setting = setting_named(key)
    try:
        parsed = setting.parse(value)
    except ValueRejected as error:
        raise UsageError("E_SETTING", f"{key} must be {error}, not {value!r}.", params={"key": key}) from None
    set_in_file(cli.paths.config, setting, parsed)
    answer = {"key": key, "value": parsed, "file": str(cli.paths.config)}
    show(answer, json_wanted=as_json_, text=lambda: f"{key} = {_text(parsed)} in {cli.paths.config}")


@config.command()
@json_option
@pass_cli
def reload(cli: Cli, /, *, as_json_: bool) -> None:
    """Have the running agent read its settings again; says which changes wait for a restart."""
    from skerry_client import calls

    found = cli.ask(lambda agent: agent.call(calls.reload_config()))
    lines = [
        f"in use now:        {', '.join(found.applied) or 'no change'}",
        f"after a restart:   {', '.join(found.restart) or 'nothing'}",
        *found.warnings,
    ]
    show(found, json_wanted=as_json_, text=lambda: "\n".join(lines))


@config.command()
def sample() -> None:
    """Print a settings file with every default."""
    from skerry_agent.settings.docs import sample as render

    click.echo(render(), nl=False)


@config.command(hidden=True)
def markdown() -> None:
    """Print the reference page."""
    from skerry_agent.settings.docs import markdown as render

    click.echo(render(), nl=False)


@click.command()
@json_option
@pass_cli
def paths(cli: Cli, /, *, as_json_: bool) -> None:
    """Show where settings, databases, keys, token and socket are."""
    places = cli.paths.as_dict()
    show(places, json_wanted=as_json_, text=lambda: table(("what", "where"), places.items()))


@click.command()
@json_option
def version(*, as_json_: bool) -> None:
    """Show the version."""
    show({"version": __version__}, json_wanted=as_json_, text=lambda: f"skerry {__version__}")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    """Print a completion script: `skerry completion bash > ~/.local/share/bash-completion/completions/skerry`."""
    from click.shell_completion import get_completion_class

    from skerry_agent.cli.group import root

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root, {}, "skerry", "_SKERRY_COMPLETE").source())


def _text(value: object) -> str:
    return redact(", ".join(map(str, value)) if isinstance(value, tuple) else str(value))
