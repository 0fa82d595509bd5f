"""Cuts the power at every sync of a recorded run and opens what is left. Used by the test and by `./dev soak`.

Every folder is opened and its evidence, databases and acknowledged entries are checked. Some are then opened by a
whole operator that goes on: it must come to the same payments as the run that was never cut.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from skerry_core.errors import SkerryError
from skerry_simulate.clock import SimulatedClock
from skerry_testing.agents import create_agent, opened_house, stated_payments
from skerry_testing.cli import skerry
from skerry_testing.power import Boundary, NotObservable, boundaries, rebuild
from skerry_wallet.tokens import read_mint

__all__ = ["PowerReport", "run_power_cuts"]

LATER_S = 3600
RUN_LIMIT_S = 60


@dataclass(slots=True)
class PowerReport:
    """What was cut and opened again; no problem means that everything held."""

    boundaries: int = 0
    continued: int = 0
    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.boundaries} power cuts, {self.continued} operators went on paying afterwards, "
            f"{self.acknowledged} acknowledgements; problems: {self.problems or 'none'}"
        )


def run_power_cuts(folder: Path, *, full_checks: int | None) -> PowerReport:
    """Record a run in `folder`, cut it at every sync; `full_checks` None lets every operator go on."""
    home, baseline, record = folder / "home", folder / "baseline", folder / "record"
    asyncio.run(create_agent(home))
    shutil.copytree(home, baseline)
    start_s = int(_wall_s(home)) + 600
    _run(home, record, start_s)
    cuts = list(boundaries(record, baseline))
    report = PowerReport(boundaries=len(cuts), acknowledged=len(cuts[-1].acknowledged))
    step = 1 if full_checks is None else max(1, -(-len(cuts) // full_checks))
    chosen = set(range(step - 1, len(cuts), step)) | {len(cuts) - 1}
    wanted = asyncio.run(_outcome(home, start_s))
    for cut in cuts:
        place = folder / "cut"
        rebuild(cut, place)
        _check(cut, place, report)
        if cut.number in chosen:
            report.continued += 1
            _go_on(cut, place, start_s, report)
        shutil.rmtree(place)
    assert wanted[0] > 0, "the run paid nothing"
    return report


def _run(home: Path, record: Path, start_s: int) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", "skerry_testing.powered", str(home), str(record), str(start_s)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=RUN_LIMIT_S)
    if "NotObservable" in ran.stderr:
        raise NotObservable
    assert ran.returncode == 0, ran.stderr[-3000:]


def _wall_s(home: Path) -> float:
    """Return the fast clock's time: the operator's records were made by it."""
    from skerry_core.clock import SystemClock
    from skerry_testing.agents import FastClock

    return FastClock(home, system=SystemClock()).wall_s()


def _check(cut: Boundary, place: Path, report: PowerReport) -> None:
    """Check databases, evidence and everything acknowledged, without going on."""
    ran = skerry(place, "proof", "check", "--json")
    if ran.code:
        report.problems.append(f"cut {cut.number} at {cut.path}: {ran.out}{ran.err}")
        return
    main, oracle = place / "skerry.db", place / "operator" / "oracle.db"
    stored = {
        "evidence": _column(main, "SELECT lower(hex(id)) FROM evidence_entries"),
        "packet": _column(oracle, "SELECT lower(hex(payload_hash)) FROM packets"),
        "paid": _column(oracle, "SELECT epoch FROM payouts"),
    }
    for what, name in cut.acknowledged:
        if _stored_name(what, name) not in stored[what]:
            report.problems.append(f"cut {cut.number} at {cut.path}: the acknowledged {what} {name} is lost")


def _stored_name(what: str, name: str) -> str:
    from hashlib import sha256

    return sha256(bytes.fromhex(name)).hexdigest() if what == "packet" else name


def _go_on(cut: Boundary, place: Path, start_s: int, report: PowerReport) -> None:
    """Let an operator open the folder and finish: books, chain and manifests must agree to the last unit."""
    try:
        supply, stated, burned, carried, differences = asyncio_outcome(place, start_s)
    except SkerryError as error:
        report.problems.append(f"cut {cut.number} at {cut.path}: it cannot go on: {error}")
        return
    if supply != stated or burned != carried or differences:
        found = f"supply {supply} for {stated}, burned {burned} for {carried}, {list(map(str, differences))}"
        report.problems.append(f"cut {cut.number} at {cut.path}: {found}")


def asyncio_outcome(place: Path, start_s: int) -> tuple[int, int, int, int, tuple[object, ...]]:
    """Run `_outcome` on simulated time later than the recorded run's end."""
    clock = SimulatedClock(start_s=start_s + LATER_S)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(_outcome(place, start_s, clock=clock))


async def _outcome(
    place: Path, start_s: int, *, clock: SimulatedClock | None = None
) -> tuple[int, int, int, int, tuple[object, ...]]:
    from skerry_wallet.ledger.book import BURNED

    async with opened_house(place, clock=clock or SimulatedClock(start_s=start_s + LATER_S)) as (house, _):
        if clock is not None:
            await house.oracle.advance()
        paid = await stated_payments(house)
        tokens = house.treasury.tokens.tokens
        supply = (await read_mint(house.treasury.cluster, tokens["demo-IOT"].mint))[0]
        burned = (await house.treasury.ledger.balances(tokens["demo-DC"].mint)).get(BURNED, 0)
        carried = sum([sum((await house.oracle.packets.data_credits(epoch)).values()) for epoch, _ in paid])
        comparison = await house.treasury.compare()
    return supply, sum(payments.total() for _, payments in paid), burned, carried, comparison.differences


def _column(file: Path, sql: str) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {str(row[0]) for row in connection.execute(sql)}
