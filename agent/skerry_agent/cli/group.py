"""The tree of verbs. A verb's module is imported only when it is used, so that `skerry --help` is fast."""

import importlib
import importlib.util
from typing import Any

import click

from skerry_agent.cli.context import GLOBAL_OPTIONS, Cli, accept_globals

__all__ = ["LazyGroup", "root"]


class LazyGroup(click.Group):
    """A group whose commands are named by `module:attribute` with their short help."""

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        present = [name for name, (target, _) in self._lazy.items() if _exists(target)]
        return sorted({*super().list_commands(ctx), *present})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy or not _exists(self._lazy[cmd_name][0]):
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), attribute or cmd_name)
        assert isinstance(found, click.Command)
        accept_globals(found)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._lazy[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _exists(target: str) -> bool:
    return importlib.util.find_spec(target.partition(":")[0]) is not None


_HERE = "skerry_agent.cli"
_VERBS = {
    "run": (f"{_HERE}.run:run", "Run the agent."),
    "setup": (f"{_HERE}.setup:setup", "Set up a new agent step by step."),
    "demo": (f"{_HERE}.demo:demo", "Run the whole loop on simulated hotspots."),
    "simulate": (f"{_HERE}.simulate:simulate", "Run emulated radios for a real agent."),
    "gui": (f"{_HERE}.gui:gui", "Open the window."),
    "status": (f"{_HERE}.status:status", "Show the agent on one screen."),
    "doctor": (f"{_HERE}.doctor:doctor", "Find the first thing that is wrong, and its fix."),
    "alerts": (f"{_HERE}.alerts:alerts", "Alerts that stand, a test message, maintenance."),
    "devices": (f"{_HERE}.radio:devices", "List devices, name them, confirm regions."),
    "jobs": (f"{_HERE}.jobs:jobs", "Long actions of the running agent: start, watch, cancel."),
    "packets": (f"{_HERE}.radio:packets", "Show received frames, with --follow as they come."),
    "beacon": (f"{_HERE}.proofs:beacon", "Our own beacons."),
    "witness": (f"{_HERE}.proofs:witness", "Beacons of others that we heard, and why they count or not."),
    "rewards": (f"{_HERE}.money:rewards", "Rewards, and which frames earned them."),
    "map": (f"{_HERE}.map:map_", "Pictures of who hears whom."),
    "proof": (f"{_HERE}.proof:proof", "Export and verify proofs."),
    "chain": (f"{_HERE}.chain:chain", "The embedded Solana cluster."),
    "wallet": (f"{_HERE}.wallet:wallet", "Owner wallets, balances and payments."),
    "dc": (f"{_HERE}.dc:dc", "Data credits: balance, price, mint, burn, how long they last."),
    "ble": (f"{_HERE}.ble:ble", "Set up a Helium hotspot over Bluetooth."),
    "economy": (f"{_HERE}.economy:economy", "Token arithmetic: utility scores, emission, treasury."),
    "oracle": (f"{_HERE}.oracle:oracle", "Run a network's oracle."),
    "key": (f"{_HERE}.key:key", "The gateway key."),
    "token": (f"{_HERE}.token:token", "API tokens."),
    "config": (f"{_HERE}.config:config", "Settings: show, get, check, set, reload."),
    "paths": (f"{_HERE}.config:paths", "Show where everything is."),
    "logs": (f"{_HERE}.support:logs", "Show the agent's log."),
    "bundle": (f"{_HERE}.support:bundle", "Write a support file without secrets."),
    "backup": (f"{_HERE}.support:backup", "Write a backup while the agent runs."),
    "restore": (f"{_HERE}.support:restore", "Put a backup back."),
    "conformance": (f"{_HERE}.conformance:conformance", "Check this program against test vectors."),
    "version": (f"{_HERE}.config:version", "Show the version."),
    "completion": (f"{_HERE}.config:completion", "Print a completion script for your shell."),
}


@click.group(cls=LazyGroup, lazy=_VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def root(ctx: click.Context, /) -> None:
    """A hotspot agent with coverage proofs."""
    ctx.ensure_object(Cli)


root.params += [make() for make in GLOBAL_OPTIONS]
