"""A wallet's Helium hotspots: what they are, what they have pending, and the claim of one (sheet 1.5, 1.6).

Only JSON-RPC, DAS and the oracles that the distributor account itself names are asked; no answer is believed unchecked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_agent.wallet.json_post import JsonPoster
from skerry_agent.wallet.messages import helium_message
from skerry_core.errors import NotFoundError
from skerry_keys import base58_text
from skerry_wallet.cluster import Account, Cluster
from skerry_wallet.helium import addresses, idl
from skerry_wallet.helium.claim_transaction import ClaimTarget, claim_instructions
from skerry_wallet.helium.claims import upper_median
from skerry_wallet.helium.das import (
    PAGE_LIMIT,
    HotspotAsset,
    leaf_of,
    parse_asset_page,
    proof_request,
    search_hotspots_request,
)
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.oracle_api import (
    Oracle,
    bulk_rewards_requests,
    oracles_of,
    parse_attestation,
    parse_bulk_rewards,
    sign_request,
)
from skerry_wallet.helium.transaction import LookupTable
from skerry_wallet.transaction import MAX_TRANSACTION_SIZE, transaction_size

__all__ = ["COMMON_TABLE", "HeliumClaims", "PendingHotspot", "canopy_depth"]

COMMON_TABLE = "43eY9L2spbM2b1MPDFFBStUiFGt29ziZ1nc1xbpzsfVt"  # Helium's lookup table on the main network
CLAIM_UNITS = 400_000
_MAX_PAGES = 50
_TREE_HEADER = 56
_TABLE_HEADER = 56
_ALL_ZERO = "1" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingHotspot:
    """One hotspot with its lifetime rewards by oracle and what was paid; base units of the token."""

    asset: HotspotAsset
    entity_key: str
    lifetime: tuple[int, ...]
    paid: int
    recipient_exists: bool
    destination: str | None

    @property
    def pending(self) -> int:
        """What a claim pays now."""
        return max(0, upper_median(self.lifetime) - self.paid) if self.lifetime else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliumClaims:
    """Reads and builds; never signs. `das_url` is a JSON-RPC server with the DAS extension."""

    cluster: Cluster
    poster: JsonPoster
    das_url: str
    token: str = "hnt"  # noqa: S105 - the name of a currency

    async def hotspots(self, owner: str) -> list[HotspotAsset]:
        """Return a wallet's hotspots. Raises `ServiceRefused`, `HeliumRejected` bad_answer, `ClusterError`."""
        found: list[HotspotAsset] = []
        for page in range(1, _MAX_PAGES + 1):
            some = parse_asset_page(await self.poster.rpc(self.das_url, search_hotspots_request(owner, page)))
            found += [asset for asset in some if asset.is_hotspot and asset.owner == owner]
            if len(some) < PAGE_LIMIT:
                break
        return found

    async def oracles(self) -> list[Oracle]:
        """Return the reward oracles as the distributor account lists them."""
        address = addresses.lazy_distributor(self.token).address
        (account,) = await self.cluster.accounts([address])
        if account is None or account.owner != idl.program_id("lazy_distributor"):
            raise NotFoundError("E_NO_DISTRIBUTOR", "This cluster has no Helium reward distributor.")
        return oracles_of(idl.decode_account(account.data, "LazyDistributorV0").fields)

    async def pending(self, assets: Sequence[HotspotAsset], oracles: Sequence[Oracle]) -> list[PendingHotspot]:
        """Return what each hotspot has earned and been paid. Raises as `hotspots`."""
        keys = [await self._entity_key(asset) for asset in assets]
        by_oracle = []
        for oracle in oracles:
            values: dict[str, int] = {}
            for body in bulk_rewards_requests(keys):
                answer = await self.poster.post(f"{oracle.url}/bulk-rewards", body)
                values |= parse_bulk_rewards(answer, body["entityKeys"])
            by_oracle.append(values)
        names = [addresses.recipient(self.token, asset.asset).address for asset in assets]
        recipients = await self.cluster.accounts(names) if names else []
        return [
            _pending(asset, key, tuple(values[key] for values in by_oracle), account)
            for asset, key, account in zip(assets, keys, recipients, strict=True)
        ]

    async def claim_message(self, one: PendingHotspot, oracles: Sequence[Oracle], *, owner: str) -> bytes:
        """Return the claim's message without a blockhash, built from values that every oracle has signed.

        Where the recipient account is missing and both do not fit one transaction, it only makes that account: claim
        again afterwards.

        Raises as `hotspots`, and `HeliumRejected` wrong_attestation or bad_signature for a lying oracle.
        """
        asset = one.asset
        proofs = await self.poster.rpc(self.das_url, proof_request([asset.asset]))
        (tree,) = await self.cluster.accounts([asset.merkle_tree])
        if not isinstance(proofs, dict) or asset.asset not in proofs or tree is None:
            raise HeliumRejected("bad_answer", "there is no proof, or no tree, of this hotspot")
        target = ClaimTarget(
            payer=owner,
            owner=owner,
            token=self.token,
            asset=asset.asset,
            entity_key=one.entity_key,
            leaf=leaf_of(asset, proofs[asset.asset], canopy_depth(tree.data)),
            recipient_exists=one.recipient_exists,
            destination=one.destination,
        )
        known = addresses.key_to_asset(one.entity_key).address
        attestations = [
            parse_attestation(
                await self.poster.post(f"{oracle.url}/v1/sign", sign_request(known)),
                oracle,
                token=self.token,
                asset=asset.asset,
            )
            for oracle in oracles
        ]
        calls = claim_instructions(target, attestations, cu_limit=CLAIM_UNITS, cu_price=1)
        tables = await self._tables()
        message = helium_message(calls, owner, tables)
        if not one.recipient_exists and transaction_size(message) > MAX_TRANSACTION_SIZE:
            message = helium_message(calls[:3], owner, tables)  # limit, price, the recipient account
        return message

    async def _entity_key(self, asset: HotspotAsset) -> str:
        """Return the hotspot's Helium address, from the account that the asset's second creator names."""
        if asset.key_to_asset is None:
            raise HeliumRejected("bad_answer", f"{asset.asset} names no entity")
        (account,) = await self.cluster.accounts([asset.key_to_asset])
        if account is None or account.owner != idl.program_id("helium_entity_manager"):
            raise HeliumRejected("bad_answer", f"{asset.key_to_asset} is no entity account")
        fields = idl.decode_account(account.data, "KeyToAssetV0").fields
        if fields["asset"] != asset.asset:
            raise HeliumRejected("bad_answer", f"{asset.key_to_asset} is of another asset")
        return base58_text.encode(bytes.fromhex(fields["entity_key_hex"]))

    async def _tables(self) -> list[LookupTable]:
        (account,) = await self.cluster.accounts([COMMON_TABLE])
        if account is None:
            return []
        rows = account.data[_TABLE_HEADER:]
        keys = (rows[start : start + 32] for start in range(0, len(rows) - 31, 32))
        return [LookupTable(address=COMMON_TABLE, addresses=tuple(base58_text.encode(key) for key in keys))]


def canopy_depth(tree: bytes) -> int:
    """Return how many upper levels of a Merkle tree its account holds itself, from the account's size.

    Layout of the account-compression program: header, change log of `buffer` entries, newest path, canopy of
    2^(n+1) - 2 nodes. Raises `HeliumRejected` bad_answer.
    """
    if len(tree) < _TREE_HEADER + 24 or tree[0] != 1:
        raise HeliumRejected("bad_answer", "the tree account is no Merkle tree")
    buffer, depth = int.from_bytes(tree[2:6], "little"), int.from_bytes(tree[6:10], "little")
    entry = 32 + 32 * depth + 8
    canopy = len(tree) - _TREE_HEADER - 24 - buffer * entry - entry
    nodes = canopy // 32 + 2
    if depth > 30 or canopy < 0 or canopy % 32 or nodes & (nodes - 1):
        raise HeliumRejected("bad_answer", "the tree account's size fits no tree")
    return nodes.bit_length() - 2


def _pending(asset: HotspotAsset, key: str, lifetime: tuple[int, ...], account: Account | None) -> PendingHotspot:
    if account is None:
        return PendingHotspot(
            asset=asset, entity_key=key, lifetime=lifetime, paid=0, recipient_exists=False, destination=None
        )
    fields = idl.decode_account(account.data, "RecipientV0").fields
    if fields["asset"] != asset.asset:
        raise HeliumRejected("bad_answer", "a recipient account is of another asset")
    destination = fields["destination"]
    return PendingHotspot(
        asset=asset,
        entity_key=key,
        lifetime=lifetime,
        paid=fields["total_rewards"],
        recipient_exists=True,
        destination=None if destination == _ALL_ZERO else destination,
    )
