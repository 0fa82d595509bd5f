"""Parts that the oracle's tests share: simulated time, seeded randomness, keys, signed reports."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from skerry_core.clock import Clock
from skerry_coverage.profile.loader import load_profile, with_overrides
from skerry_coverage.records import Location, Registration, sign_record
from skerry_keys.software import SoftwareSigner
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import Payer, PayoutOrder
from skerry_oracle.limits import IngestLimits
from skerry_oracle.network import OracleNetwork
from skerry_oracle.registry.policy import AdmissionPolicy
from skerry_oracle.store.database import Database
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_wire.signing import sign_message

__all__ = [
    "NETWORK",
    "START_S",
    "OncePayer",
    "SeededRandom",
    "make_oracle",
    "open_database",
    "place",
    "registration",
    "signer",
    "simulated",
    "small_network",
    "witness_report",
]

NETWORK = "test-open"
START_S = 1_790_000_000 - 1_790_000_000 % 86_400  # a UTC midnight

T = TypeVar("T")


def simulated(main: Callable[[SimulatedClock], Awaitable[T]], *, start_s: int = START_S) -> T:
    """Run `main` on simulated time and return its result."""
    clock = SimulatedClock(start_s=start_s)

    async def run() -> T:
        return await main(clock)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(run())


class SeededRandom:
    """A random source that repeats itself: equal seeds give equal bytes."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(size)


def signer(name: str) -> SoftwareSigner:
    """Return the Ed25519 key of a named test person or gateway."""
    return SoftwareSigner.from_seed(hashlib.sha256(name.encode()).digest())


async def open_database(folder: Path, clock: SimulatedClock) -> SqliteDatabase:
    """Return an open SQLite database in `folder`."""
    database = SqliteDatabase(folder / "oracle.db", clock=clock)
    await database.open()
    return database


def registration(
    gateway: SoftwareSigner, owner: SoftwareSigner, *, network: str = NETWORK, is_full: bool = True
) -> tuple[Registration, bytes, bytes]:
    """Return a registration with the gateway's and the owner's signature."""
    record = Registration(
        network=network, gateway=gateway.public_key, owner=owner.public_key, is_full=is_full, made_ms=START_S * 1000
    )
    return record, sign_record(record, gateway), sign_record(record, owner)


def place(
    gateway: SoftwareSigner, owner: SoftwareSigner, *, cell: str, number: int = 1, region: str = "EU868", gain: int = 12
) -> tuple[Location, bytes]:
    """Return an owner-signed location assertion."""
    record = Location(
        network=NETWORK,
        gateway=gateway.public_key,
        owner=owner.public_key,
        number=number,
        cell=cell,
        region=region,
        gain_ddbi=gain,
        elevation_m=3,
        made_ms=START_S * 1000,
    )
    return record, sign_record(record, owner)


def witness_report(gateway: SoftwareSigner, *, data: bytes = b"\x01" * 51, signal_ddbm: int = -1000) -> bytes:
    """Return an encoded, signed witness report."""
    from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1

    report = lora_witness_report_req_v1(
        pub_key=gateway.public_key, data=data, timestamp=START_S * 10**9, tmst=7, signal=signal_ddbm, snr=55,
        frequency=868_100_000, datarate="SF12BW125",
    )  # fmt: skip
    return sign_message(report, gateway).SerializeToString()


def small_network(**changes: object) -> OracleNetwork:
    """Return a network with twelve-hour epochs that may pay a thousand tokens each; `changes` override its profile."""
    overrides: dict[str, object] = {
        "network": NETWORK,
        "tokens.iot.symbol": "demo-IOT",
        "iot.epoch_s": 43_200,
        "iot.emission.pool_bones": 1_000_000_000,
        "iot.emission.span_s": 43_200,
    }
    profile = with_overrides(load_profile("skerry-open"), overrides | changes)
    return OracleNetwork.of_profile(profile, at_s=START_S, test_tokens=True)


def make_oracle(
    database: Database,
    clock: Clock,
    *,
    payer: Payer | None = None,
    seed: str = "oracle",
    network: OracleNetwork | None = None,
    policy: AdmissionPolicy | None = None,
    limits: IngestLimits | None = None,
    is_time_known: Callable[[], bool] = lambda: True,
) -> EmbeddedOracle:
    """Return an oracle with a seeded random source and a test key; it is not open yet."""
    return EmbeddedOracle(
        database,
        network=network or small_network(),
        signer=signer("oracle"),
        clock=clock,
        random_bytes=SeededRandom(seed),
        payer=payer,
        policy=policy,
        limits=limits,
        is_time_known=is_time_known,
    )


class OncePayer:
    """A payer as the contract wants it: pays an epoch once, however often it is asked."""

    def __init__(self) -> None:
        self.orders: dict[int, PayoutOrder] = {}
        self.asked = 0

    async def __call__(self, order: PayoutOrder) -> str:
        self.asked += 1
        earlier = self.orders.setdefault(order.epoch, order)
        assert earlier.manifest_hash == order.manifest_hash, "a second manifest for one epoch"
        return f"receipt {order.epoch}"

    def paid(self) -> dict[str, int]:
        """Return owner -> base units over all epochs."""
        totals: dict[str, int] = {}
        for order in self.orders.values():
            for payment in order.payments:
                totals[payment.owner] = totals.get(payment.owner, 0) + payment.amount
        return totals
