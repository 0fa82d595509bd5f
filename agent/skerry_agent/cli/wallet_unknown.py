"""`skerry wallet unknown|decide`: payments of which nobody could prove whether they landed wait for a person."""

import asyncio
from typing import Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table

__all__ = ["decide", "unknown"]


@click.command()
@json_option
@pass_cli
def unknown(cli: Cli, /, *, as_json_: bool) -> None:
    """List payments of which nobody could prove whether they landed, with what makes them doubtful.

    Look for the signatures with another server or an explorer, then say what you found with `skerry wallet decide`.
    """

    async def main() -> list[dict[str, Any]]:
        from skerry_agent.wallet.payments import open_payment_store
        from skerry_core.clock import SystemClock
        from skerry_wallet.payout.payment import PaymentState

        async with open_payment_store(cli.paths, clock=SystemClock()) as store:
            found = await store.load(await store.keys("", (PaymentState.UNKNOWN,)))
        return [
            {"payment": payment.key, "why": payment.note, "signatures": [attempt.signature for attempt in attempts]}
            for payment, attempts in found
        ]

    items = asyncio.run(main())
    rows = [(one["payment"], one["why"], ", ".join(one["signatures"]) or None) for one in items]
    show({"items": items}, json_wanted=as_json_, text=lambda: table(("payment", "why", "signatures"), rows))


@click.command()
@click.argument("payment")
@click.option("--paid/--not-paid", required=True, help="What you found elsewhere.")
@click.option("--note", required=True, help="Where you looked; it is kept.")
@json_option
@pass_cli
def decide(cli: Cli, /, *, payment: str, paid: bool, note: str, as_json_: bool) -> None:
    """Say whether an unknown PAYMENT was paid.

    Not paid: a payment with a marker is tried again at the next run, and its marker refuses it if it was paid after
    all; an owner's payment without one counts as failed, and you may pay again.
    """

    async def main() -> str:
        from skerry_agent.wallet.payments import open_payment_store
        from skerry_core.clock import SystemClock
        from skerry_wallet.payout.resolve import resolve

        async with open_payment_store(cli.paths, clock=SystemClock()) as store:
            return (await resolve(store, payment, paid=paid, note=note)).value

    state = asyncio.run(main())
    show({"payment": payment, "state": state}, json_wanted=as_json_, text=lambda: f"{payment} is now {state}")
