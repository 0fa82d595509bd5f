"""Runs a command and turns every way it can end into an exit code and, at most, one plain message."""

import json
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from skerry_client.errors import ApiProblem, BadAnswer, NotReachable
from skerry_core.errors import Explained, NotFoundError, UserError

__all__ = ["ATTENTION", "ERROR", "NOT_RUNNING", "UNHEALTHY", "USAGE", "leave", "run_command"]

ERROR, USAGE, NOT_RUNNING, UNHEALTHY, ATTENTION = 1, 2, 3, 4, 5
_BY_STATUS = {400: USAGE, 409: ATTENTION}  # of the API, as the errors of this process
INTERRUPTED = 130  # 128 + SIGINT, as shells expect


def run_command(command: click.Command, arguments: Sequence[str]) -> int:
    """Run it; return the exit code."""
    try:
        result = command.main(args=list(arguments), prog_name="skerry", standalone_mode=False)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.ClickException as error:
        if "--json" in arguments:
            click.echo(
                json.dumps({"error": UserError("E_USAGE", error.format_message(), remedy=_help(error)).problem()})
            )
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # `skerry packets | head`: nobody reads any more, which is no error
        return 0
    except Exception as error:  # noqa: BLE001 - edge of the program: one message and an exit code, never a trace
        return _report(error, arguments)
    return result if isinstance(result, int) else 0


def _help(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"Try '{context.command_path} --help'." if context is not None else ""


def _report(error: Exception, arguments: Sequence[str]) -> int:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    told, exit_code = _describe(error)
    if "--json" in arguments:
        click.echo(json.dumps({"error": told.problem()}))
    click.echo(f"skerry: {told.detail} ({told.code})", err=True)
    if told.remedy:
        click.echo(f"        {told.remedy}", err=True)
    if "--debug" in arguments:
        traceback.print_exception(error, file=sys.stderr)
    return exit_code


def _describe(error: Exception) -> tuple[Explained, int]:
    match error:
        case NotFoundError():
            return error, ERROR  # 3 is kept for "no agent is running"
        case UserError():
            return error, error.exit_code
        case ApiProblem():
            return error, _BY_STATUS.get(error.status, ERROR)
        case Explained():
            return error, ERROR
        case NotReachable():
            remedy = "Start it with `skerry run`, with the same --dir if you use one."
            return UserError("E_NOT_RUNNING", f"No agent answers: {error}.", remedy=remedy), NOT_RUNNING
        case BadAnswer():
            return UserError("E_BAD_ANSWER", f"That is not a Skerry agent, or another version: {error}."), ERROR
        case OSError():
            return UserError("E_OS", f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")), ERROR
        case _:
            remedy = "Repeat it as `skerry --debug ...` and report it."
            return UserError("E_INTERNAL", f"Internal error: {type(error).__name__}.", remedy=remedy), ERROR


def leave(code: int) -> NoReturn:
    """End the running command with a code."""
    raise click.exceptions.Exit(code)
