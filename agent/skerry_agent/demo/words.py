"""The demo's summary for people."""

from pathlib import Path

from skerry_agent.demo.frauds import Caught
from skerry_agent.demo.result import DemoResult
from skerry_agent.demo.world import TOKENS

__all__ = ["summary"]

_FRAUDS = {
    "too_close": "a second hotspot beside the first, to witness itself",
    "not_admitted": "a hotspot that was never admitted",
    "replayed": "a beacon report sent again later",
    "forged": "a witness report with a forged signature",
}


def summary(result: DemoResult, keep: Path | None) -> str:
    """Return the summary, some thirty lines."""
    lines = [
        f"{result.hotspots} simulated hotspots, {result.epochs} epoch(s), seed {result.seed}; "
        "TEST TOKENS, worth nothing.",
        "",
        f"Beacons    {_counts(result.beacons)}",
        f"Witnesses  {result.witnesses_valid} valid; invalid: {_counts(result.witnesses_invalid)}",
        f"Packets    {result.packets_carried} uplinks carried, {result.packets_delivered} copies delivered, "
        f"{result.dc_burned} data credits burned; "
        f"{result.captured_datagrams} captured datagrams answered",
        "",
        "Planted frauds:",
        *(
            f"  {'caught' if _good(fraud) else 'MISSED'}  {_FRAUDS[fraud.fraud]}: {_reason(fraud)}"
            for fraud in result.frauds
        ),
        "",
        *(f"Paid       {_amount(amount, token)} {token}" for token, amount in result.paid.items() if amount),
        f"Books      the ledger {'equals the chain to the last unit' if result.ledger_matches_chain else 'DIFFERS'}",
        *(f"           {difference}" for difference in result.differences),
        f"Manifest   {result.manifest_hash}",
        f"Map        {result.map_png}",
        f"Proof      {result.bundle}",
        "",
        "Check the proof yourself:",
        f"  ./dev skerry proof verify {result.bundle} --trust {result.oracle_key}",
    ]
    if keep:
        lines += ["Look into the kept agents:", f"  ./dev skerry --dir {keep} run"]
    lines.append(f"{result.wall_s:.1f} s, {result.peak_rss_mb} MB at most.")
    return "\n".join(lines)


def _good(fraud: Caught) -> bool:
    return fraud.as_expected and fraud.reports > 0


def _reason(fraud: Caught) -> str:
    times = f", {fraud.reports} times" if fraud.reports > 1 else ""
    return f"{fraud.reason or 'it counted'}{times}"


def _counts(counts: dict[str, int]) -> str:
    return (
        ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items(), key=lambda item: -item[1])) or "none"
    )


def _amount(base_units: int, token: str) -> str:
    whole, part = divmod(base_units, 10 ** TOKENS[token])
    return f"{whole:,}.{part:0{TOKENS[token]}d}"
