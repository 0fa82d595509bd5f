"""Reports per second that `skerry oracle run` accepts from hotspots' streams and has stored, with default limits."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from skerry_core.clock import SystemClock
from skerry_coverage.records import Registration, sign_record
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_testing.bench.ingest_client import gateway
from skerry_testing.bench.processes import busiest_thread_s, cpu_s, resident_mb
from skerry_testing.oracle import make_oracle, signer

__all__ = ["FEW", "MANY", "IngestLoad", "IngestRate", "measure"]

NETWORK = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLoad:
    """How many hotspots stream at once, and how many reports each; within the default limits."""

    streams: int
    reports_each: int

    @property
    def reports(self) -> int:
        """All of them together."""
        return self.streams * self.reports_each


FEW = IngestLoad(streams=200, reports_each=240)
MANY = IngestLoad(streams=2_000, reports_each=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRate:
    """Stored reports by the clock, by the oracle's processor time and by that of its busiest thread; its memory.

    The busiest thread tells what two free cores would do: its other threads and the hotspots fit on the second one.
    """

    per_s: float
    per_cpu_s: float
    per_thread_s: float
    resident_mb: float


def measure(folder: Path, load: IngestLoad, *, receipts: bool) -> IngestRate:
    """Run oracle and hotspots as two processes on loopback, with default limits; our agents ask for receipts."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    oracle = [sys.executable, "-P", "-m", "skerry_agent.cli", "--dir", str(folder), "oracle"]
    subprocess.run([*oracle, "init", "--network", NETWORK], check=True, env=environ, stdout=subprocess.DEVNULL)
    database = folder / "oracle" / "oracle.db"
    asyncio.run(_register(database, load.streams))
    ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    with subprocess.Popen([*oracle, "run", *ports], stdout=subprocess.PIPE, text=True, env=environ) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            rate = _stream(address, server.pid, environ, load, receipts="yes" if receipts else "no")
        finally:
            server.terminate()
    with closing(sqlite3.connect(database)) as connection:
        (stored,) = connection.execute("SELECT COUNT(*) FROM reports WHERE is_copy = 0").fetchone()
    assert stored == load.reports, f"{stored} of {load.reports} reports were stored"
    return rate


def _stream(address: str, pid: int, environ: dict[str, str], load: IngestLoad, *, receipts: str) -> IngestRate:
    module = "skerry_testing.bench.ingest_client"
    command = [sys.executable, "-P", "-m", module, address, str(load.streams), str(load.reports_each), receipts]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
        before_s, thread_before_s = cpu_s(pid), busiest_thread_s(pid)
        client.stdin.write("\n")
        client.stdin.flush()
        acknowledged, taken_s = client.stdout.readline().split()
        used_s, thread_s = cpu_s(pid) - before_s, busiest_thread_s(pid) - thread_before_s
    assert int(acknowledged) == (load.reports if receipts == "yes" else 0)
    return IngestRate(
        per_s=load.reports / float(taken_s),
        per_cpu_s=load.reports / used_s,
        per_thread_s=load.reports / thread_s,
        resident_mb=resident_mb(pid),
    )


async def _register(database: Path, count: int) -> None:
    """Admit the hotspots before the oracle runs."""
    clock = SystemClock()
    oracle = make_oracle(SqliteDatabase(database, clock=clock), clock)
    await oracle.open()
    owner = signer("owner")
    for number in range(count):
        key = gateway(number)
        record = Registration(
            network=oracle.network.network, gateway=key.public_key, owner=owner.public_key, is_full=True,
            made_ms=clock.wall_ms(),
        )  # fmt: skip
        by_gateway, by_owner = sign_record(record, key), sign_record(record, owner)
        await oracle.registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
        await oracle.registry.admit(key.public_key, by="bench")
    await oracle.close()
