"""Child of the crash test: appends and seals as fast as it can, prints each id once the append was acknowledged."""

import asyncio
import sys
from pathlib import Path

from skerry_agent.evidence import EVIDENCE, EvidenceLog, SealPolicy, TimeKeeper
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_testing.evidence import BOOT, signer_of


async def main(folder: Path) -> None:
    clock = SystemClock()
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.NTP, error_ns=0)
    db = await Database.open(folder / "skerry.db", clock=clock, migrations=(EVIDENCE,))
    policy = SealPolicy(max_entries=7)
    log = await EvidenceLog.open(db, signer=signer_of(), network="skerry-open", clock=clock, time=time, policy=policy)
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(append_for_ever(log), name=f"appender {number}")


async def append_for_ever(log: EvidenceLog) -> None:
    while True:
        recorded = await log.append(EntryKind.FRAME, b"frame", link="udp", source="127.0.0.1:40001")
        sys.stdout.write(recorded.id.hex() + "\n")
        sys.stdout.flush()
        await log.seal_if_due()


asyncio.run(main(Path(sys.argv[1])))
