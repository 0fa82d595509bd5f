"""Real agents as processes of their own, to be killed or starved: `skerry run` with one change.

In a folder that `create_agent` made the agent has an operator with the demo's packet route, and its clock is a
`FastClock`, so that epochs of a minute end every two seconds. In any other folder it is plain `skerry run`.
"""

import multiprocessing
import os
import secrets
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import skerry_core.clock
from skerry_agent.cli.exits import run_command
from skerry_agent.cli.group import root
from skerry_agent.demo.world import DEMO_ROUTE
from skerry_agent.evidence import EVIDENCE
from skerry_agent.operator.house import OperatorHouse, open_house
from skerry_agent.operator.network_file import ROLES, NetworkFile, OperatorFolder
from skerry_agent.operator.treasury import TREASURY
from skerry_agent.settings.edit import set_in_file
from skerry_agent.settings.table import API_PORT, BEACON_INTERVAL_S, GWMP_LISTEN, LOG_LEVEL, OWNER, REGION, TIME_TRUSTED
from skerry_agent.store import Stores
from skerry_client.http import AgentClient
from skerry_client.paths import Paths, choose_paths
from skerry_core.clock import NS_PER_S, Clock, SystemClock, Timer, io_timeout
from skerry_coverage.manifest import Manifest
from skerry_coverage.records import Location, Registration, sign_record
from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner
from skerry_oracle.epochs.driver import EpochState
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.cluster import Cluster
from skerry_wallet.keyfile.gateway import open_or_create_gateway_key

__all__ = [
    "NETWORK",
    "AgentProcess",
    "FastClock",
    "SteadyClock",
    "begin_fast_time",
    "create_agent",
    "free_udp_port",
    "opened_house",
    "stated_payments",
]

NETWORK = "skerry-kill"
SPEED = 30
EPOCH_S = 60  # two seconds of the real world
START_LIMIT_S = 60.0
POLL_S = 0.02
CREDITS = 10_000_000
LAMPORTS = 100_000_000_000
CELL = "8c1969c6cd345ff"
STOP_LIMIT_S = 60.0
_BIRTH = "clock.birth"  # the real moment at which this folder's time began, so that it goes on after a restart

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "skerry_agent.service", "skerry_agent.operator.house"])


class FastClock(Clock):
    """The computer's clock, run `SPEED` times as fast since a folder's birth.

    The number of seconds in the file `shift` is added to wall time: a test makes the clock jump by writing it.
    """

    def __init__(self, folder: Path, *, system: Clock, shift: Path | None = None) -> None:
        self._shift = shift
        self._system = system
        self._birth_ns = int((folder / _BIRTH).read_text())

    def wall_ns(self) -> int:
        shift_s = int(self._shift.read_text() or 0) if self._shift is not None and self._shift.exists() else 0
        return self._birth_ns + (self._system.wall_ns() - self._birth_ns) * SPEED + shift_s * NS_PER_S

    def monotonic_ns(self) -> int:
        return self._system.monotonic_ns() * SPEED

    def call_at(self, monotonic_ns: int, callback: Callable[[], None]) -> Timer:
        return self._system.call_at(monotonic_ns // SPEED, callback)


class SteadyClock(Clock):
    """A folder's time from now on at its usual pace: what is due gets done before more of it is."""

    def __init__(self, folder: Path, *, system: Clock) -> None:
        self._system = system
        self._ahead_ns = FastClock(folder, system=system).wall_ns() - system.wall_ns()

    def wall_ns(self) -> int:
        return self._system.wall_ns() + self._ahead_ns

    def monotonic_ns(self) -> int:
        return self._system.monotonic_ns()

    def call_at(self, monotonic_ns: int, callback: Callable[[], None]) -> Timer:
        return self._system.call_at(monotonic_ns, callback)


def begin_fast_time(folder: Path) -> None:
    """Let agents in this folder live on a `FastClock` from now on, unless they do already."""
    birth = folder / _BIRTH
    if not birth.exists():
        birth.write_text(str(SystemClock().wall_ns()))


def free_udp_port() -> int:
    """Return a UDP port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def create_agent(folder: Path) -> int:
    """Make an agent with an operator of its own, admit its hotspot; return its port for packet forwarders."""
    paths = choose_paths(folder, environ={})
    paths.create()
    begin_fast_time(folder)
    clock = FastClock(folder, system=SystemClock())
    gateway, owner = SoftwareSigner.generate(secrets.token_bytes), SoftwareSigner.generate(secrets.token_bytes)
    paths.gateway_key.write_bytes(gateway.to_key_file())
    paths.gateway_key.chmod(0o600)
    open_or_create_gateway_key(paths.keys, random_bytes=secrets.token_bytes)
    port = free_udp_port()
    for setting, value in (
        (GWMP_LISTEN, f"127.0.0.1:{port}"), (API_PORT, 0), (REGION, "EU868"), (TIME_TRUSTED, True), (LOG_LEVEL, "info"),
        (OWNER, PublicKey.from_binary(owner.public_key).solana_address), (BEACON_INTERVAL_S, 60),
    ):  # fmt: skip
        set_in_file(paths.config, setting, value)
    await _create_operator(paths, clock, gateway, owner)
    return port


async def _create_operator(paths: Paths, clock: Clock, gateway: SoftwareSigner, owner: SoftwareSigner) -> None:
    files = OperatorFolder(paths.state / "operator")
    keys = {role: SoftwareSigner.generate(secrets.token_bytes) for role in ROLES}
    files.write(
        NetworkFile(
            network=NETWORK,
            profile="skerry-open",
            overrides={
                "network": NETWORK,
                "operator.oracle_keys": [PublicKey.from_binary(keys["oracle"].public_key).address],
                "operator.signatures_needed": 1,
                "tokens.iot.symbol": "demo-IOT",
                "iot.epoch_s": EPOCH_S,
                "iot.lateness_s": 1,
                "iot.poc.beacon_interval_s": EPOCH_S,
                "iot.poc.entropy_lifespan_s": 1,
            },
            reward_token="demo-IOT",
            credit_token="demo-DC",
            tokens={"demo-IOT": 6, "demo-DC": 0},
            test_tokens=True,
            ended=False,
        )
    )
    for role in ROLES:
        files.keep_key(role, keys[role])
    async with EmbeddedCluster(files.chain, network=NETWORK, clock=clock) as cluster:
        for role in ("payer", "mint_authority"):
            await cluster.airdrop(PublicKey.from_binary(keys[role].public_key).solana_address or "", LAMPORTS)
    async with opened_house(paths.state, clock=clock) as (house, _):
        await house.treasury.issue_credits("start", CREDITS)
        # Nobody listens at the discard port; Semtech UDP does not care, the packets count as delivered.
        await house.router.book.put(RouteRecord(route=DEMO_ROUTE, server=GwmpServer(host="127.0.0.1", port=9)))
        made_ms = clock.wall_ms()
        record = Registration(
            network=NETWORK, gateway=gateway.public_key, owner=owner.public_key, is_full=True, made_ms=made_ms
        )
        await house.oracle.registry.register(
            record, gateway_signature=sign_record(record, gateway), owner_signature=sign_record(record, owner)
        )
        await house.oracle.registry.admit(gateway.public_key, by="test")
        location = Location(
            network=NETWORK, gateway=gateway.public_key, owner=owner.public_key, number=1, cell=CELL, region="EU868",
            gain_ddbi=12, elevation_m=5, made_ms=made_ms,
        )  # fmt: skip
        await house.oracle.registry.assert_location(location, owner_signature=sign_record(location, owner))


@asynccontextmanager
async def opened_house(
    state: Path, *, clock: Clock | None = None, cluster: Cluster | None = None
) -> AsyncIterator[tuple[OperatorHouse, Stores]]:
    """Open the operator of a folder in which no agent runs; with another cluster its own chain stays closed."""
    clock = clock or SteadyClock(state, system=SystemClock())
    files = OperatorFolder(state / "operator")
    stores = await Stores.open(state, clock=clock, extra=(EVIDENCE, TREASURY))
    try:
        house = await open_house(
            files,
            db=stores.main,
            cluster=cluster or EmbeddedCluster(files.chain, network=files.read().network, clock=clock),
            clock=clock,
            random_bytes=secrets.token_bytes,
        )
        try:
            yield house, stores
        finally:
            await house.close()
    finally:
        await stores.close()


async def stated_payments(house: OperatorHouse) -> list[tuple[int, Counter[str]]]:
    """Return every paid epoch with what its manifest gives each owner."""
    stated = []
    for row in await house.oracle.epochs.all():
        manifest = await house.oracle.manifest(row.epoch) if EpochState(row.state) is EpochState.PAID else None
        if manifest is not None:
            stated.append((row.epoch, Counter(Manifest.from_bytes(manifest.body).owner_totals())))
    return stated


class AgentProcess:
    """`skerry run` in a process that can be killed; one object per start.

    Processes are forked from one that has imported everything, so that a start takes what the agent takes, and not
    Python. `clock_shift` is a file for the `FastClock`'s jumps.
    """

    def __init__(self, folder: Path, *arguments: str, clock_shift: Path | None = None) -> None:
        self.paths = choose_paths(folder, environ={})
        self.paths.address.unlink(missing_ok=True)  # left by a kill
        self._log = folder.with_name(f"{folder.name}.log")  # beside it: a test may fill the folder's disk
        self.process = _CONTEXT.Process(target=_live, args=(folder, arguments, clock_shift, self._log), daemon=True)
        self.process.start()

    async def ready(self) -> None:
        """Return once the API listens. Raises `AssertionError` with the log's end when the process ended."""
        async with io_timeout(START_LIMIT_S):
            while not self.paths.address.exists():
                assert self.process.is_alive(), self.log()[-3000:]
                await SystemClock().sleep(POLL_S)

    def log(self) -> str:
        """Return what all agents of this folder have logged."""
        return self._log.read_text(errors="replace")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AgentClient]:
        """Connect with the local token."""
        token = self.paths.token.read_text().strip()
        async with AgentClient.open(self.paths.address.read_text().strip(), token=token) as client:
            yield client

    def kill(self, *, with_chain: bool = False) -> None:
        """`kill -9`; the chain's process too when asked. Otherwise that one ends by itself."""
        assert self.process.pid is not None
        children = _children(self.process.pid) if with_chain else []
        self.process.kill()
        for child in children:
            os.kill(child, signal.SIGKILL)
        self.process.join()

    def stop(self) -> int:
        """SIGTERM; return the exit code, negative for the signal that ended it."""
        self.process.terminate()
        self.process.join(STOP_LIMIT_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        assert code is not None
        return code


def _live(folder: Path, arguments: tuple[str, ...], shift: Path | None, log: Path) -> None:
    """Be the agent: in the forked process."""
    with log.open("ab") as stream:
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
    clock = FastClock(folder, system=SystemClock(), shift=shift) if (folder / _BIRTH).exists() else SystemClock()
    with patch.object(skerry_core.clock, "SystemClock", lambda: clock):
        sys.exit(run_command(root, ["--dir", str(folder), *arguments, "run"]))


def _children(parent: int) -> list[int]:
    return [int(one) for file in Path(f"/proc/{parent}/task").glob("*/children") for one in file.read_text().split()]
