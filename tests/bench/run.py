"""`./dev bench [--only NAME]`: each benchmark beside a peer or a limit that is measured in the same run.

Prints one line per figure: what, the figure, what it is compared with, the ratio, the goal. Never asserted anywhere:
the machine decides. Rates by processor time hold on a busy machine, wall times do not.
"""

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))  # children find it by PYTHONPATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number and what it is held against: a peer, or the limit that it must stay below."""

    what: str
    value: float
    unit: str
    against: str
    against_value: float
    goal: str

    def __str__(self) -> str:
        ratio = self.value / self.against_value if self.against_value else float("inf")
        return (
            f"{self.what}: {self.value:,.3g} {self.unit}; {self.against}: {self.against_value:,.3g}; "
            f"ratio {ratio:.3g}; goal {self.goal}"
        )


Measure = Callable[[Path], Iterator[Figure]]


def _gwmp(folder: Path) -> Iterator[Figure]:
    from skerry_simulate.gwmp_load import PEERS, measure

    del folder
    ours = measure("skerry")
    for peer, words in PEERS.items():
        theirs = measure(peer)
        goal = "none: 1 would be all that there is" if peer == "bare" else ">= 3 times a plain DatagramProtocol"
        yield Figure(
            what="GWMP parse, dedupe, acknowledge, by processor time", value=ours.per_cpu_s, unit="datagrams/s",
            against=words, against_value=theirs.per_cpu_s, goal=goal,
        )  # fmt: skip
        yield Figure(
            what="GWMP, by the clock", value=ours.per_s, unit="datagrams/s", against=words,
            against_value=theirs.per_s, goal=goal,
        )  # fmt: skip


def _judging(folder: Path) -> Iterator[Figure]:
    from skerry_oracle.garbage import collect_garbage_rarely
    from skerry_testing.poc import Neighbourhood
    from skerry_testing.poc_day import judging_rates, stored_day

    del folder
    collect_garbage_rarely()  # as `skerry oracle run` does
    town = Neighbourhood(12)
    rates = judging_rates(town, stored_day(town, days=22), rounds=3)
    yield Figure(
        what=f"judging {rates.reports} stored reports", value=rates.judged_per_s, unit="reports/s of processor time",
        against="bare PyNaCl verify", against_value=rates.bare_per_s, goal=">= 0.85",
    )  # fmt: skip


def _ingest(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.ingest_rate import FEW, MANY, measure

    for receipts, words in ((False, "as gateway-rs sends them"), (True, "with receipts")):
        place = folder / words.replace(" ", "-")
        place.mkdir()
        rate = measure(place, FEW, receipts=receipts)
        for how, value in (
            ("by the clock", rate.per_s),
            ("by the oracle's processor time", rate.per_cpu_s),
            ("by its busiest thread's", rate.per_thread_s),
        ):
            yield Figure(
                what=f"ingest of {FEW.reports:,} reports {words}, {how}", value=value, unit="reports/s", against="goal",
                against_value=5_000, goal=">= 5,000 reports/s stored on two cores",
            )  # fmt: skip
    place = folder / "many"
    place.mkdir()
    yield Figure(
        what=f"resident memory of the oracle with {MANY.streams:,} hotspots streaming", unit="MB",
        value=measure(place, MANY, receipts=True).resident_mb, against="limit in MB", against_value=1_000,
        goal="< 1,000 MB",
    )  # fmt: skip


def _transfers(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.transfer_rate import bare_vm_per_s, served_per_s

    bare = bare_vm_per_s()
    for batch, words in ((1, "one a request, 64 connections"), (100, "100 a request, 8 connections")):
        rate, per_cpu_s = served_per_s(folder / f"chain-{batch}", batch=batch)
        yield Figure(
            what=f"transfers through chain serve, {words}", value=rate, unit="transfers/s", against="the VM alone",
            against_value=bare, goal=">= 2000 transfers/s",
        )  # fmt: skip
        yield Figure(
            what=f"the same, by the server's processor time, {words}", value=per_cpu_s, unit="transfers/s",
            against="the VM alone", against_value=bare, goal=">= 2000 transfers/s",
        )  # fmt: skip


def _payout(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.settlement_rate import OWNERS, POSTINGS, pay_and_reconcile

    paid_s, booked_s, reconciled_s = pay_and_reconcile(folder)
    yield Figure(
        what=f"paying {OWNERS:,} owners of one epoch", value=paid_s, unit="s", against="limit in s",
        against_value=60, goal="< 60 s",
    )  # fmt: skip
    yield Figure(
        what=f"reconciling {POSTINGS:,} postings with the chain", value=reconciled_s, unit="s", against="limit in s",
        against_value=30, goal=f"< 30 s (booking them took {booked_s:.0f} s)",
    )  # fmt: skip


def _agent(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.agent_start import measure

    first, again, rss_mb, bare_s = measure(folder)
    for words, start in (("a new agent", first), ("an agent started again", again)):
        yield Figure(
            what=f"{words} answers its API after", value=start.seconds, unit="s", against="limit in s",
            against_value=0.5, goal=f"< 0.5 s (`python -c pass` takes {bare_s:.3f} s)",
        )  # fmt: skip
        yield Figure(
            what=f"{words}, processor time until then", value=start.cpu_s, unit="s", against="limit in s",
            against_value=0.5, goal="tells what the machine was busy with otherwise",
        )  # fmt: skip
    yield Figure(
        what="resident memory of an idle agent", value=rss_mb, unit="MB", against="limit in MB", against_value=60,
        goal="< 60 MB",
    )  # fmt: skip


def _api(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.api_latency import FRAMES_PER_S, REQUESTS_PER_S, measure

    ours, nothing = measure(folder)
    load = f"{REQUESTS_PER_S} requests/s and {FRAMES_PER_S} frames/s"
    for words, value, limit in (("p99", ours.p99_ms, nothing.p99_ms), ("median", ours.p50_ms, nothing.p50_ms)):
        yield Figure(
            what=f"{words} of GET {ours.path} at {load}", value=value, unit="ms",
            against="GET /healthz in the same run", against_value=limit, goal="p99 < 20 ms",
        )  # fmt: skip
    yield Figure(
        what="processor of the agent meanwhile", value=ours.agent_cpu, unit="cores", against="cores",
        against_value=1, goal="tells how near its loop is to being full",
    )  # fmt: skip


def _gateway(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.gateway_load import FRAMES_PER_S, measure

    cost = asyncio.run(measure(folder))
    for words, value in cost.busy.items():
        yield Figure(
            what=f"processor time for a full 8-channel gateway: {FRAMES_PER_S} frames/s {words}",
            value=value, unit="% of a core", against="limit in %", against_value=3,
            goal=f"< 3 % (idle: {cost.idle:.2g} %; {cost.stored:,} frames stored)",
        )  # fmt: skip


def _devices(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.device_load import DEVICES, KINDS, measure

    yield Figure(
        what=f"{DEVICES} devices at 1 Hz ({', '.join(KINDS)}), processor time", value=asyncio.run(measure(folder)),
        unit="% of a core", against="limit in %", against_value=10, goal="< 10 %",
    )  # fmt: skip


def _replug(folder: Path) -> Iterator[Figure]:
    from skerry_testing.bench.replug import ABSENCES_S, measure

    for device, seconds in asyncio.run(measure(folder)).items():
        yield Figure(
            what=f"{device} works again, the longest of {len(ABSENCES_S)}", value=seconds, unit="s after it is back",
            against="limit in s", against_value=3, goal="< 3 s",
        )  # fmt: skip


BENCHMARKS: dict[str, Measure] = {
    "gwmp": _gwmp,
    "judging": _judging,
    "ingest": _ingest,
    "transfers": _transfers,
    "payout": _payout,
    "agent": _agent,
    "api": _api,
    "gateway": _gateway,
    "devices": _devices,
    "replug": _replug,
}


def main() -> int:
    """Run the chosen benchmarks; the exit code is 1 when one could not run."""
    parser = argparse.ArgumentParser(prog="./dev bench", description="Benchmarks beside peers and limits.")
    parser.add_argument("--only", action="append", choices=sorted(BENCHMARKS), help="this one; may be repeated")
    failed = [name for name in parser.parse_args().only or BENCHMARKS if not _run(name, BENCHMARKS[name])]
    return 1 if failed else 0


def _run(name: str, measure: Measure) -> bool:
    with tempfile.TemporaryDirectory(prefix=f"skerry-bench-{name}-", ignore_cleanup_errors=True) as folder:
        try:
            for figure in measure(Path(folder)):
                print(f"{name}: {figure}", flush=True)
        except Exception:  # noqa: BLE001 - the edge of one benchmark: the others still run
            traceback.print_exc()
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
