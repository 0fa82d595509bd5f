"""`./dev soak [--only NAME] [--count N]`: long crash and fuzz loops. Each ends within its limit and prints one line.

A loop that finds something wrong prints what, and the exit code is 1. Kept out of the tests because of their length.
"""

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))  # children find it by PYTHONPATH

from skerry_core.clock import NS_PER_S, SystemClock  # noqa: E402 - after the path

LIMIT_S = 1500.0


@dataclass(frozen=True, slots=True)
class Loop:
    """One soak loop: `run(folder, count)` returns its summary and raises for anything wrong."""

    count: int
    about: str
    run: Callable[[Path, int], str]


def _payouts(folder: Path, count: int) -> str:
    from skerry_testing.soak.payout_kills import kill_payouts

    return kill_payouts(folder, kills=count, limit_s=LIMIT_S)


def _claims(folder: Path, count: int) -> str:
    from skerry_testing.soak.claim_kills import kill_claims

    return kill_claims(folder, kills=count, seed=7, limit_s=LIMIT_S)


def _epochs(folder: Path, count: int) -> str:
    from skerry_testing.soak.epoch_kills import kill_epochs

    return kill_epochs(folder, kills=count, seed=7)


def _chain(folder: Path, count: int) -> str:
    from skerry_testing.soak.chain_kills import kill_chain

    return asyncio.run(kill_chain(folder, kills=count, seed=7, limit_s=LIMIT_S))


def _agents(_folder: Path, count: int) -> str:
    from skerry_testing.soak.agent_kills import soak

    return soak(count)


def _power(_folder: Path, count: int) -> str:
    from skerry_testing.soak.agent_power_cuts import soak

    return soak(count)


def _day(_folder: Path, count: int) -> str:
    from skerry_testing.soak.agent_day import soak

    return soak(count)


def _stores(folder: Path, count: int) -> str:
    from skerry_testing.crash import kill_again_and_again

    found = kill_again_and_again(folder, kills=count, seed=7)
    return ", ".join(f"{name} {value}" for name, value in found.items())


def _evidence(folder: Path, count: int) -> str:
    from skerry_testing.soak.evidence_kills import kill_appender

    return asyncio.run(kill_appender(folder, kills=count, seed=7))


def _decoders(_folder: Path, count: int) -> str:
    from skerry_testing.decoders import DECODERS, soak

    soak(count)
    return f"{len(DECODERS)} decoder families, {count} inputs each, nothing but their own error"


LOOPS = {
    "payouts": Loop(200, "the payer is killed at every step of a payout, then completes it", _payouts),
    "claims": Loop(200, "`skerry rewards claim --commit` is killed at any moment", _claims),
    "epochs": Loop(100, "the oracle is killed while it judges, closes and pays an epoch", _epochs),
    "chain": Loop(200, "the chain's process is killed under transfers", _chain),
    "agents": Loop(200, "a real agent is killed under radio and API load", _agents),
    "power": Loop(3, "the power is cut at every sync of an operator that carries and pays", _power),
    "day": Loop(24, "hours of a whole agent at simulated time: memory stays flat", _day),
    "stores": Loop(200, "the writer of the databases is killed", _stores),
    "evidence": Loop(200, "the evidence log's writer is killed", _evidence),
    "decoders": Loop(20_000, "mutated inputs to every decoder of the device side", _decoders),
}


def main() -> int:
    """Run the chosen loops one after the other; return the exit code."""
    parser = argparse.ArgumentParser(prog="./dev soak", description="Long crash and fuzz loops.")
    parser.add_argument("--only", action="append", choices=sorted(LOOPS), help="this loop; may be repeated")
    parser.add_argument("--count", type=int, help="kills or inputs instead of each loop's own number")
    parser.add_argument("--list", action="store_true", help="say which loops there are")
    chosen = parser.parse_args()
    if chosen.list:
        for name, loop in LOOPS.items():
            print(f"{name:10} {loop.count:6}  {loop.about}")
        return 0
    failed = [name for name in chosen.only or LOOPS if not _run(name, LOOPS[name], chosen.count)]
    return 1 if failed else 0


def _run(name: str, loop: Loop, count: int | None) -> bool:
    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    with tempfile.TemporaryDirectory(prefix=f"skerry-soak-{name}-", ignore_cleanup_errors=True) as folder:
        try:
            summary, good = loop.run(Path(folder), loop.count if count is None else count), True
        except Exception:  # noqa: BLE001 - the edge of one loop: the others still run
            traceback.print_exc()
            summary, good = "something is wrong, see above", False
    seconds = (clock.monotonic_ns() - started_ns) / NS_PER_S
    print(f"{'ok  ' if good else 'FAIL'} {name}: {summary} ({seconds:.0f} s)", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
