"""Rewards of some hotspots as rows: one per epoch, hotspot and kind of work, from the signed manifests."""

import hashlib
from collections.abc import Sequence

from skerry_agent.operator.network_file import NetworkFile
from skerry_agent.operator.treasury import Treasury
from skerry_agent.store import RewardRow, RewardState
from skerry_core import strict_json
from skerry_core.clock import NS_PER_MS
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import EpochState
from skerry_oracle.store.epochs import EpochRow, ManifestRow

__all__ = ["KINDS", "reward_id", "reward_rows"]

KINDS = {"beacon": "beacon", "witness": "witness", "data": "dc"}  # our word -> the manifest's
_MANIFEST_LIMIT_BYTES = 1 << 30


def reward_id(network: str, epoch: int, gateway: str, kind: str) -> str:
    """Return the id of one hotspot's reward of one kind in one epoch."""
    return hashlib.sha256(f"{network}/{epoch}/{gateway}/{kind}".encode()).digest()[:16].hex()


async def reward_rows(
    oracle: EmbeddedOracle, treasury: Treasury, network: NetworkFile, gateways: Sequence[bytes]
) -> tuple[RewardRow, ...]:
    """Return every reward of these gateways; ids are stable, so storing them again only moves their state."""
    wanted = {PublicKey.from_binary(gateway).address for gateway in gateways}
    rows: list[RewardRow] = []
    for epoch in await oracle.epochs.all():
        manifest = await oracle.manifest(epoch.epoch)
        if manifest is not None:
            signatures = await treasury.signatures(network.network, epoch.epoch)
            rows.extend(_rows_of(epoch, manifest, network, wanted, signatures))
    return tuple(rows)


def _rows_of(
    epoch: EpochRow, manifest: ManifestRow, network: NetworkFile, wanted: set[str], signatures: dict[str, str]
) -> list[RewardRow]:
    members = strict_json.loads(manifest.body, limit_bytes=_MANIFEST_LIMIT_BYTES)
    state = {EpochState.PAID.value: RewardState.PAID, EpochState.UNPAID.value: RewardState.WOULD_EARN}.get(
        epoch.state, RewardState.PENDING
    )
    rows = []
    for line in members["hotspots"]:
        if line["hotspot"] not in wanted:
            continue
        for kind, member in KINDS.items():
            if line[member]:
                rows.append(
                    RewardRow(
                        id=reward_id(network.network, epoch.epoch, line["hotspot"], kind),
                        network=network.network,
                        epoch=epoch.epoch,
                        at_ns=epoch.end_ms * NS_PER_MS,
                        hotspot=line["hotspot"],
                        owner=line["owner"],
                        token=network.reward_token,
                        amount=line[member],
                        kind=kind,
                        state=state,
                        manifest_hash=manifest.hash.hex(),
                        transaction=signatures.get(line["owner"]),
                        cause={"epoch": epoch.epoch, "shares": line["shares"][member], "dc": int(line["shares"]["dc"])},
                    )
                )
    return rows
