"""`kill -9` at any moment: nothing acknowledged is lost, the chain is whole, the seals hold."""

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

KILLS = 20
CHILD = Path(__file__).with_name("appender_process.py")


def run_until_killed(folder: Path, acknowledged_lines: int) -> list[bytes]:
    """Run the child until it has acknowledged so many entries, kill it, return every id that it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, str(CHILD), str(folder)], stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledged_lines)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return [bytes.fromhex(line.decode()) for line in lines if line.endswith(b"\n")]


async def test_twenty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    draw = random.Random(7)
    acknowledged: list[bytes] = []
    for _ in range(KILLS):
        acknowledged += run_until_killed(tmp_path, draw.randint(1, 60))
    assert len(acknowledged) >= KILLS
    clock = SystemClock()
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.NTP, error_ns=0)
    db = await Database.open(tmp_path / "skerry.db", clock=clock, migrations=(EVIDENCE,))
    try:
        log = await EvidenceLog.open(db, signer=signer_of(), network="skerry-open", clock=clock, time=time)
        stored = await db.read(lambda raw: {row[0] for row in raw.conn.execute("SELECT id FROM evidence_entries")})
        report = await check(log, verify=verify)
    finally:
        await db.close()
    assert set(acknowledged) <= stored
    assert report.findings == []
    assert report.seals >= KILLS
