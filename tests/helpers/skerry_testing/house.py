"""A real operator - oracle, chain, treasury - whose village of hotspots has been paid for one epoch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE
from skerry_agent.operator.house import OperatorHouse, open_house
from skerry_agent.operator.network_file import ROLES, NetworkFile, OperatorFolder
from skerry_agent.operator.treasury import TREASURY
from skerry_agent.store import Stores
from skerry_coverage.lorawan.routing import Route
from skerry_keys.public_key import PublicKey
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import NETWORK, SeededRandom, signer
from skerry_testing.village import Village
from skerry_wallet.chain.embedded import EmbeddedCluster

__all__ = ["EPOCH_S", "ROUTE", "PaidVillage", "network_file", "open_test_house", "paid_village"]

EPOCH_S = 7200
LATENESS_S = 300
LAMPORTS = 10**11
ROUTE = Route(id="test", oui=1, net_id=0x00003C, max_copies=2, dev_addr_ranges=((0x78000000, 0x79FFFFFF),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidVillage:
    """The house, its people, and the epoch that was paid."""

    house: OperatorHouse
    stores: Stores
    village: Village
    epoch: int


def network_file(**changes: object) -> NetworkFile:
    """Return a test network of the shipped open profile with two-hour epochs."""
    fields: dict[str, object] = {
        "network": NETWORK,
        "profile": "skerry-open",
        "overrides": {
            "network": NETWORK,
            "title": "Test network",
            "operator.oracle_keys": [PublicKey.from_binary(signer("oracle").public_key).address],
            "operator.signatures_needed": 1,
            "tokens.iot.symbol": "demo-IOT",
            "iot.epoch_s": EPOCH_S,
            "iot.lateness_s": LATENESS_S,
        },
        "reward_token": "demo-IOT",
        "credit_token": "demo-DC",
        "tokens": {"demo-IOT": 6, "demo-DC": 0},
        "test_tokens": True,
        "ended": False,
    }
    return NetworkFile(**(fields | changes))  # type: ignore[arg-type]  # tests change any field


@asynccontextmanager
async def open_test_house(folder: Path, clock: SimulatedClock) -> AsyncIterator[tuple[OperatorHouse, Stores]]:
    """Make a network in a folder and open its operator."""
    files = OperatorFolder(folder / "operator")
    files.write(network_file())
    for role in ROLES:
        files.keep_key(role, signer(role))
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE, TREASURY))
    cluster = EmbeddedCluster(files.chain, network=NETWORK, clock=clock)
    for role in ("payer", "mint_authority"):
        await cluster.airdrop(PublicKey.from_binary(signer(role).public_key).solana_address or "", LAMPORTS)
    house = await open_house(files, db=stores.main, cluster=cluster, clock=clock, random_bytes=SeededRandom("house"))
    await house.router.book.put(RouteRecord(route=ROUTE, server=GwmpServer(host="127.0.0.1", port=9)))
    try:
        yield house, stores
    finally:
        await house.close()
        await stores.close()


@asynccontextmanager
async def paid_village(folder: Path, clock: SimulatedClock, *, size: int = 4) -> AsyncIterator[PaidVillage]:
    """Let a village beacon once, close the epoch and pay it."""
    async with open_test_house(folder, clock) as (house, stores), Background() as background:
        village = Village(size)
        await village.join(house.oracle.registry)
        background.start(house.oracle.run(), name="oracle")
        epoch = house.oracle.driver.current.epoch
        await village.live(clock, village.sinks(house.oracle))
        await clock.sleep(EPOCH_S + LATENESS_S + 120)
        await house.oracle.close_epoch(epoch)
        yield PaidVillage(house=house, stores=stores, village=village, epoch=epoch)
