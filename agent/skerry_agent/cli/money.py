"""`skerry rewards`."""

import click

from skerry_agent.cli.claim_helium import claim_helium
from skerry_agent.cli.claims import claim, export, reconcile
from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.proofs import explanation_text
from skerry_agent.cli.splits import splits
from skerry_client import calls

__all__ = ["rewards"]


@click.group()
def rewards() -> None:
    """Rewards as the operator's manifests state them."""


@rewards.command("list")
@click.option("--limit", default=20, show_default=True, help="How many of the newest.")
@click.option("--hotspot", help="Only this hotspot's.")
@json_option
@pass_cli
def list_rewards(cli: Cli, /, *, limit: int, hotspot: str | None, as_json_: bool) -> None:
    """List reward shares, newest first; amounts are base units."""
    page = cli.ask(lambda agent: agent.call(calls.rewards(limit=limit, hotspot=hotspot)))
    headers = ("time", "id", "epoch", "hotspot", "kind", "amount", "token", "state", "transaction")
    rows = [
        (f"{one.at:%m-%d %H:%M}", one.id, one.epoch, one.hotspot, one.kind, one.amount, one.token, one.state,
         one.transaction)
        for one in page.items
    ]  # fmt: skip
    if page.test_tokens and not as_json_:
        click.echo("These are test tokens: worthless.", err=True)
    show(page, json_wanted=as_json_, text=lambda: table(headers, rows))


@rewards.command("explain")
@click.argument("reward_id")
@json_option
@pass_cli
def explain(cli: Cli, /, *, reward_id: str, as_json_: bool) -> None:
    """Walk a reward back to the reports and frames that earned it."""
    found = cli.ask(lambda agent: agent.call(calls.explain_reward(reward_id)))
    show(found, json_wanted=as_json_, text=lambda: explanation_text(found))


rewards.add_command(claim)
rewards.add_command(claim_helium)
rewards.add_command(reconcile)
rewards.add_command(export)
rewards.add_command(splits)
