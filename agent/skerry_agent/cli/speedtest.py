"""`skerry devices speedtest`: latency, download and upload against a server of the owner's choice, within a budget."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from skerry_agent.cli.context import json_option, show, table
from skerry_core.errors import UserError

__all__ = ["speed_text", "speedtest"]

BYTES_PER_MB = 1_000_000


@click.command()
@click.argument("url")
@click.option(
    "--budget-mb",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Most megabytes, both directions.",
)
@click.option(
    "--limit-s", type=click.FloatRange(0.1, 600), default=10.0, show_default=True,
    help="End each direction after so many seconds.",
)  # fmt: skip
@click.option("--from", "local_address", help="Send from this address: the hotspot's own uplink.")
@json_option
def speedtest(*, url: str, budget_mb: int, limit_s: float, local_address: str | None, as_json_: bool) -> None:
    """Measure a connection against the server at URL.

    It must answer HEAD URL/, GET URL/download?bytes=N with N bytes, and POST URL/upload by reading the body.
    """
    from skerry_agent.cli.progress import ProgressBar
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.speed_test import SpeedTestFailed, SpeedTestSettings, run_speed_test

    budget = budget_mb * BYTES_PER_MB
    settings = SpeedTestSettings(url=url, budget_bytes=budget, direction_limit_s=limit_s, local_address=local_address)
    try:
        with ProgressBar("speed test") as progress:
            result = asyncio.run(
                run_speed_test(
                    settings,
                    clock=SystemClock(),
                    on_progress=lambda step, used: progress(min(used / budget, 1.0), step.value),
                )
            )
    except SpeedTestFailed as error:
        raise UserError(
            "E_SPEED_TEST", f"Nothing was measured: {error}.", remedy="Check the address and the connection."
        ) from error
    show(result, json_wanted=as_json_, text=lambda: speed_text(asdict(result), of_mb=budget_mb))


def speed_text(result: Mapping[str, Any], *, of_mb: int | None = None) -> str:
    """Return a result for people, from its JSON: the job `speed_test` of the agent shows the same."""
    of = "" if of_mb is None else f" of {of_mb} MB"
    rows = [
        ("latency", f"{result['latency_ms']} ms"),
        ("download", _megabits(result["download_bytes_s"])),
        ("upload", _megabits(result["upload_bytes_s"])),
        ("used", f"{result['bytes_used'] / BYTES_PER_MB:.1f} MB{of}"),
    ]
    return table(("what", "value"), rows)


def _megabits(bytes_per_s: int) -> str:
    return f"{bytes_per_s * 8 / 1_000_000:.1f} Mbit/s"
