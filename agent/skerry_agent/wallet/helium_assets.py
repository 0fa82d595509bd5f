"""Hotspots as Helium's chain shows them: a wallet's NFTs, their entity keys and Merkle proofs (sheet 1.5).

Claims, onboarding, assertions and changes of recipient read here. No answer is believed unchecked.
"""

from dataclasses import dataclass

from skerry_agent.wallet.json_post import JsonPoster
from skerry_core.errors import NotFoundError
from skerry_keys import base58_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.helium import idl
from skerry_wallet.helium.claim_transaction import Leaf
from skerry_wallet.helium.das import (
    PAGE_LIMIT,
    HotspotAsset,
    leaf_of,
    parse_asset_page,
    proof_request,
    search_hotspots_request,
)
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.transaction import LookupTable

__all__ = ["COMMON_TABLE", "HeliumAssets", "canopy_depth"]

COMMON_TABLE = "43eY9L2spbM2b1MPDFFBStUiFGt29ziZ1nc1xbpzsfVt"  # Helium's lookup table on the main network
_MAX_PAGES = 50
_TREE_HEADER = 56
_TABLE_HEADER = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliumAssets:
    """`das_url` is a JSON-RPC server with the DAS extension. Raises `ServiceRefused`, `HeliumRejected` bad_answer,
    `ClusterError`."""

    cluster: Cluster
    poster: JsonPoster
    das_url: str

    async def hotspots(self, owner: str) -> list[HotspotAsset]:
        """Return a wallet's hotspots."""
        found: list[HotspotAsset] = []
        for page in range(1, _MAX_PAGES + 1):
            some = parse_asset_page(await self.poster.rpc(self.das_url, search_hotspots_request(owner, page)))
            found += [asset for asset in some if asset.is_hotspot and asset.owner == owner]
            if len(some) < PAGE_LIMIT:
                break
        return found

    async def hotspot(self, owner: str, entity_key: str) -> HotspotAsset:
        """Return one hotspot of a wallet by its Helium address. Raises `NotFoundError` too."""
        for asset in await self.hotspots(owner):
            if await self.entity_key(asset) == entity_key:
                return asset
        raise NotFoundError(
            "E_HOTSPOT_UNKNOWN",
            f"{owner} owns no hotspot {entity_key} on this cluster.",
            remedy="`skerry rewards claim-helium WALLET --cluster URL` lists the wallet's hotspots.",
        )

    async def entity_key(self, asset: HotspotAsset) -> str:
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

    async def leaf(self, asset: HotspotAsset) -> Leaf:
        """Return where the hotspot's NFT stands in its Merkle tree, with the proof that programs ask for."""
        proofs = await self.poster.rpc(self.das_url, proof_request([asset.asset]))
        (tree,) = await self.cluster.accounts([asset.merkle_tree])
        if not isinstance(proofs, dict) or asset.asset not in proofs or tree is None:
            raise HeliumRejected("bad_answer", "there is no proof, or no tree, of this hotspot")
        return leaf_of(asset, proofs[asset.asset], canopy_depth(tree.data))

    async def tables(self) -> list[LookupTable]:
        """Return Helium's common address lookup table, none where the cluster has none."""
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
