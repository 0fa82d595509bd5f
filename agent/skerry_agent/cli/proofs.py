"""`skerry beacon` and `skerry witness`."""

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION
from skerry_client import calls
from skerry_client.models import BeaconOffer, Explanation, Verdict

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


@beacon.command("now")
@click.option("--commit", is_flag=True, help="Send it; without this nothing is sent.")
@json_option
@pass_cli
def send_now(cli: Cli, /, *, commit: bool, as_json_: bool) -> int:
    """Show what a beacon now would be; with --commit send this interval's beacon now instead of at its planned time.

    Exit code 5 when the transmit gate would refuse it.
    """
    offer = cli.ask(lambda agent: agent.call(calls.send_beacon(commit=commit)))
    show(offer, json_wanted=as_json_, text=lambda: _offer_text(offer))
    return ATTENTION if offer.refusal else 0


def _offer_text(offer: BeaconOffer) -> str:
    limit = "-" if offer.max_eirp_ddbm is None else f"{offer.max_eirp_ddbm / 10} dBm"
    lines = [
        f"radio      {offer.device_id} of {offer.hotspot}",
        f"region     {offer.region or 'not confirmed by the owner'}",
        f"frequency  {offer.frequency_hz / 1e6:.3f} MHz, {offer.datarate}",
        f"power      {offer.power_dbm} dBm at the radio, {offer.eirp_ddbm / 10} dBm EIRP (at most {limit})",
    ]
    if offer.airtime_us is not None:
        lines.append(f"air time   {offer.airtime_us / 1000:.0f} ms")
    if offer.duty_budget_us is not None and offer.duty_spent_us is not None:
        left_ms = (offer.duty_budget_us - offer.duty_spent_us) / 1000
        lines.append(f"duty       {left_ms:.0f} ms of {offer.duty_budget_us / 1000:.0f} ms are left in this hour")
    if offer.refusal:
        return "\n".join([*lines, "", f"It would not be sent: {offer.refusal_text} ({offer.refusal})"])
    if offer.beacon:
        return "\n".join([*lines, "", f"Sent: {offer.beacon}"])
    return "\n".join([*lines, "", "Nothing was sent. Send it with: skerry beacon now --commit"])


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
