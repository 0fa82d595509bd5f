"""`skerry beacon` and `skerry witness`."""

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_client import calls
from skerry_client.models import Explanation, Verdict

__all__ = ["beacon", "explanation_text", "witness"]

_limit = click.option("--limit", default=20, show_default=True, help="How many of the newest.")
_verdict = click.option("--verdict", type=click.Choice(["unknown", "valid", "invalid"]), help="Only these.")


@click.group()
def beacon() -> None:
    """Our own beacons."""


@beacon.command("list")
@_limit
@_verdict
@json_option
@pass_cli
def list_beacons(cli: Cli, /, *, limit: int, verdict: Verdict | None, as_json_: bool) -> None:
    """List our beacons, newest first."""
    page = cli.ask(lambda agent: agent.call(calls.beacons(limit=limit, verdict=verdict)))
    headers = ("time", "id", "hotspot", "frequency", "datarate", "power", "report", "verdict", "reason")
    rows = [
        (f"{one.at:%m-%d %H:%M:%S}", one.id, one.hotspot, f"{one.frequency_hz / 1e6:.3f}", one.datarate,
         one.power_dbm, one.state, one.verdict, one.reason)
        for one in page.items
    ]  # fmt: skip
    show(page, json_wanted=as_json_, text=lambda: table(headers, rows))


@click.group()
def witness() -> None:
    """Beacons of others that we heard."""


@witness.command("list")
@_limit
@_verdict
@json_option
@pass_cli
def list_witnesses(cli: Cli, /, *, limit: int, verdict: Verdict | None, as_json_: bool) -> None:
    """List witness reports, newest first."""
    page = cli.ask(lambda agent: agent.call(calls.witnesses(limit=limit, verdict=verdict)))
    headers = ("time", "id", "hotspot", "beaconer", "rssi", "snr", "report", "verdict", "reason")
    rows = [
        (f"{one.at:%m-%d %H:%M:%S}", one.id, one.hotspot, one.beaconer, one.rssi_dbm, one.snr_ddb / 10,
         one.state, one.verdict, one.reason)
        for one in page.items
    ]  # fmt: skip
    show(page, json_wanted=as_json_, text=lambda: table(headers, rows))


@witness.command("explain")
@click.argument("witness_id")
@json_option
@pass_cli
def explain(cli: Cli, /, *, witness_id: str, as_json_: bool) -> None:
    """Explain a verdict rule by rule: value, limit, margin, whose fault, what would have passed."""
    found = cli.ask(lambda agent: agent.call(calls.explain_witness(witness_id)))
    show(found, json_wanted=as_json_, text=lambda: explanation_text(found))


def explanation_text(found: Explanation) -> str:
    """Return an explanation for people."""
    reason = f" ({found.reason})" if found.reason else ""
    lines = [f"{found.id}: {found.verdict}{reason}", found.summary]
    if found.findings:
        marks = {True: "pass", False: "FAIL", None: "-"}
        rows = [
            (marks[one.passed], one.rule, one.value, one.limit, one.margin, one.fault, one.would_pass)
            for one in found.findings
        ]
        lines += ["", table(("result", "rule", "value", "limit", "margin", "whose", "would pass"), rows)]
    if found.steps:
        lines += ["", *(f"  {one.kind:10} {one.id}  {one.text}" for one in found.steps)]
    return "\n".join(lines)
