"""The evidence log's writer is killed again and again: nothing acknowledged is lost, chain and seals hold."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from skerry_agent.evidence import EVIDENCE, EvidenceLog, TimeKeeper
from skerry_agent.evidence.check import check
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_coverage.evidence.entry import TimeSource
from skerry_keys.verify import verify
from skerry_testing.evidence import BOOT, signer_of

__all__ = ["kill_appender"]

CHILD = Path(__file__).resolve().parents[3] / "agent" / "evidence" / "appender_process.py"


async def kill_appender(folder: Path, *, kills: int, seed: int) -> str:
    """Kill it `kills` times, check everything at the end; return a summary. Raises `AssertionError`."""
    draw = random.Random(seed)
    acknowledged: set[bytes] = set()
    for _ in range(kills):
        acknowledged |= set(await asyncio.to_thread(_run_until_killed, folder, draw.randint(1, 60)))
    clock = SystemClock()
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.NTP, error_ns=0)
    db = await Database.open(folder / "skerry.db", clock=clock, migrations=(EVIDENCE,))
    try:
        log = await EvidenceLog.open(db, signer=signer_of(), network="skerry-open", clock=clock, time=time)
        stored = await db.read(lambda raw: {row[0] for row in raw.conn.execute("SELECT id FROM evidence_entries")})
        report = await check(log, verify=verify)
    finally:
        await db.close()
    assert acknowledged <= stored, f"{len(acknowledged - stored)} acknowledged entries are gone"
    assert report.findings == [], report.findings
    return f"{kills} kills, {len(acknowledged)} acknowledged entries found, {report.seals} seals hold"


def _run_until_killed(folder: Path, acknowledged_lines: int) -> list[bytes]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-P", str(CHILD), str(folder)], stdout=subprocess.PIPE, env=environ
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledged_lines)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    return [bytes.fromhex(line.decode()) for line in lines if line.endswith(b"\n")]
