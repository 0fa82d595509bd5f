"""What came out of a demo: counted from the oracle, the treasury and the chain after the last epoch was paid."""

import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skerry_agent.demo.frauds import Caught
from skerry_agent.demo.world import World
from skerry_agent.runtime.reports import report_id
from skerry_core.files import PUBLIC_MODE, write_atomic
from skerry_coverage.bundle import container
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.evidence.entry import EntryKind
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_wallet.tokens import read_mint

__all__ = ["DemoResult", "collect", "export_proof", "peak_rss_mb"]

KIB_PER_MB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The demo's outcome; amounts are base units."""

    seed: int
    hotspots: int
    epochs: int
    beacons: dict[str, int]
    witnesses_valid: int
    witnesses_invalid: dict[str, int]
    frauds: tuple[Caught, ...]
    paid: dict[str, int]
    dc_burned: int
    packets_carried: int
    packets_delivered: int
    captured_datagrams: int
    ledger_matches_chain: bool
    manifest_hash: str
    oracle_key: str
    bundle: Path | None
    map_png: Path | None
    wall_s: float
    peak_rss_mb: int
    differences: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """Whether all came out as it must: frauds caught, packets delivered, owners paid, books equal to the chain."""
        caught = all(fraud.as_expected and fraud.reports for fraud in self.frauds)
        delivered = self.packets_delivered >= self.packets_carried
        paid = self.ledger_matches_chain and any(self.paid.values())
        return caught and delivered and paid and self.bundle is not None

    def to_json(self) -> dict[str, Any]:
        """Return the result as `skerry demo --json` prints it."""
        return {
            "beacons": self.beacons,
            "witnesses": {"valid": self.witnesses_valid, "invalid": self.witnesses_invalid},
            "frauds": {fraud.fraud: {"reason": fraud.reason, "reports": fraud.reports} for fraud in self.frauds},
            "paid": self.paid,
            "dc_burned": self.dc_burned,
            "packets_carried": self.packets_carried,
            "packets_delivered": self.packets_delivered,
            "captured_datagrams": self.captured_datagrams,
            "ledger_matches_chain": self.ledger_matches_chain,
            "manifest_hash": self.manifest_hash,
            "oracle_key": self.oracle_key,
            "test_tokens": True,
            "bundle": str(self.bundle) if self.bundle else None,
            "map_png": str(self.map_png) if self.map_png else None,
            "hotspots": self.hotspots,
            "epochs": self.epochs,
            "seed": self.seed,
            "wall_s": round(self.wall_s, 1),
            "peak_rss_mb": self.peak_rss_mb,
        }


async def collect(
    world: World,
    *,
    epochs: Sequence[int],
    frauds: Sequence[Caught],
    captured: int,
    bundle: Path | None,
    map_png: Path | None,
) -> DemoResult:
    """Read the outcome from every part that has a say in it."""
    oracle, treasury = world.house.oracle, world.house.treasury
    counts = await oracle.counts()
    witnesses = dict(counts.get(WITNESS, {}))
    valid = witnesses.pop("valid", 0)
    owners = {hotspot.identity.owner for app in world.apps for hotspot in app.agent.hotspots}
    books = await treasury.compare(sorted(owner for owner in owners if owner))
    credit_mint = treasury.tokens.tokens[world.house.network.credit_token].mint
    usage = [await oracle.packets.usage(epoch) for epoch in epochs]
    manifest = await oracle.manifest(epochs[-1])
    return DemoResult(
        seed=world.plan.seed,
        hotspots=len(world.plan.hotspots),
        epochs=len(epochs),
        beacons=dict(counts.get(BEACON, {})),
        witnesses_valid=valid,
        witnesses_invalid=dict(sorted(witnesses.items())),
        frauds=tuple(frauds),
        paid={
            token.name: (await read_mint(treasury.cluster, token.mint))[0]
            for token in treasury.tokens.tokens.values()
            if token.mint != credit_mint
        },
        dc_burned=await treasury.ledger.balance("burned", credit_mint),
        packets_carried=sum(count for of_epoch in usage for count, _ in of_epoch.values()),
        packets_delivered=world.network_server.uplinks,
        captured_datagrams=captured,
        ledger_matches_chain=books.matches,
        manifest_hash=manifest.hash.hex() if manifest else "",
        oracle_key=world.apps[0].agent.operator.status().key or "",
        bundle=bundle,
        map_png=map_png,
        wall_s=0.0,  # both are known when everything has stopped
        peak_rss_mb=0,
        differences=tuple(str(difference) for difference in books.differences),
    )


async def export_proof(world: World, target: Path) -> Path | None:
    """Write the proof of the first hotspot's best-witnessed beacon; None when it has none that counts."""
    from skerry_agent.evidence.export import export_beacons

    agent = world.apps[0].agent
    (log,) = agent.evidence
    await agent.fetch_news()
    await log.seal()
    best, best_count = None, 0
    for entry_id, entry in await log.find(EntryKind.BEACON_REPORT, newest=1000):
        count = await _valid_witnesses(world, entry.body)
        if count > best_count:
            best, best_count = entry_id, count
    if best is None:
        return None
    bundle = await export_beacons([log], [best], profile=profile_bytes(world.house.profile))
    write_atomic(target, container.pack(bundle.to_map()), mode=PUBLIC_MODE)
    return target


async def _valid_witnesses(world: World, beacon_report: bytes) -> int:
    """Return how many valid witnesses a beacon of a closed epoch has."""
    oracle = world.house.oracle
    closed = {row.epoch for row in await oracle.epochs.all() if row.state == "paid"}
    row = await world.apps[0].agent.stores.beacons.get(report_id(beacon_report))
    if row is None or not row.poc_id:
        return 0
    verdicts = await oracle.verdicts.of_poc(bytes.fromhex(row.poc_id))
    if any(verdict.epoch not in closed for verdict in verdicts):
        return 0
    return sum(verdict.valid and verdict.kind == WITNESS for verdict in verdicts)


def peak_rss_mb() -> int:
    """Return the peak memory of this process and its largest child together."""
    unit = 1 if sys.platform != "darwin" else KIB_PER_MB
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(used / unit / KIB_PER_MB)
