"""Digital Asset Standard requests and answers, sans-I/O: a wallet's hotspots and their Merkle proofs (sheet 1.5).

The caller posts the request to a JSON-RPC endpoint with the DAS extension and hands back the `result` member.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skerry_keys import KeyRejected, base58_text
from skerry_wallet.helium.address import to_raw
from skerry_wallet.helium.addresses import entity_creator
from skerry_wallet.helium.claim_transaction import Leaf
from skerry_wallet.helium.errors import HeliumRejected

__all__ = [
    "PAGE_LIMIT",
    "HotspotAsset",
    "is_not_found",
    "leaf_of",
    "parse_asset",
    "parse_asset_page",
    "proof_request",
    "search_hotspots_request",
]

PAGE_LIMIT = 1000
_NOT_FOUND = "Database Error: RecordNotFound"
_HOTSPOT_SYMBOL = "HOTSPOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotAsset:
    """A hotspot's compressed NFT; `key_to_asset` is the account that names its entity key."""

    asset: str
    name: str
    symbol: str
    owner: str
    delegate: str
    merkle_tree: str
    index: int
    data_hash: bytes
    creator_hash: bytes
    key_to_asset: str | None
    burnt: bool

    @property
    def is_hotspot(self) -> bool:
        """Carriers and operations funds are assets of the same creator."""
        return self.symbol == _HOTSPOT_SYMBOL and not self.burnt


def search_hotspots_request(owner: str, page: int) -> dict[str, Any]:
    """Return the JSON-RPC body for one page (from 1) of a wallet's Helium entities; a short page is the last."""
    params = {
        "ownerAddress": owner,
        "creatorAddress": entity_creator().address,
        "creatorVerified": True,
        "page": page,
        "limit": PAGE_LIMIT,
    }
    return {"jsonrpc": "2.0", "id": page, "method": "searchAssets", "params": params}


def proof_request(assets: list[str]) -> dict[str, Any]:
    """Return the JSON-RPC body for the proofs of several assets; the answer is an object keyed by asset."""
    return {"jsonrpc": "2.0", "id": 1, "method": "getAssetProofBatch", "params": {"ids": assets}}


def is_not_found(error: Any) -> bool:
    """Say whether a JSON-RPC error member means that the asset does not exist."""
    return isinstance(error, Mapping) and str(error.get("message", "")).startswith(_NOT_FOUND)


def parse_asset_page(result: Any) -> list[HotspotAsset]:
    """Return the assets of a searchAssets result. Raises `HeliumRejected` bad_answer."""
    if not isinstance(result, Mapping) or not isinstance(result.get("items"), list):
        raise HeliumRejected("bad_answer", "no list of assets")
    return [parse_asset(item) for item in result["items"]]


def parse_asset(item: Any) -> HotspotAsset:
    """Return one asset. Raises `HeliumRejected` bad_answer, naming what is wrong."""
    try:
        compression, ownership = item["compression"], item["ownership"]
        metadata, owner = item["content"]["metadata"], str(ownership["owner"])
        asset = HotspotAsset(
            asset=item["id"],
            name=str(metadata["name"]),
            symbol=str(metadata["symbol"]),
            owner=owner,
            delegate=str(ownership.get("delegate") or owner),
            merkle_tree=compression["tree"],
            index=_index(compression["leaf_id"]),
            data_hash=_hash(compression["data_hash"]),
            creator_hash=_hash(compression["creator_hash"]),
            key_to_asset=_second_creator(item.get("creators")),
            burnt=bool(item.get("burnt", False)),
        )
        for address in (asset.asset, asset.owner, asset.delegate, asset.merkle_tree):
            to_raw(address)
    except (KeyError, TypeError, AttributeError, ValueError, KeyRejected, HeliumRejected) as error:
        raise HeliumRejected("bad_answer", f"an asset cannot be read: {error}") from None
    return asset


def leaf_of(asset: HotspotAsset, proof: Any, canopy_depth: int) -> Leaf:
    """Return the claim's leaf from an asset and its proof answer.

    Raises `HeliumRejected` bad_answer, also when the proof is of another tree: signing on it would waste the fee.
    """
    try:
        if proof["tree_id"] != asset.merkle_tree:
            raise HeliumRejected("bad_answer", "the proof is of another tree")
        nodes = tuple(str(node) for node in proof["proof"])
        for node in nodes:
            to_raw(node)
        root = to_raw(proof["root"])
    except (KeyError, TypeError) as error:
        raise HeliumRejected("bad_answer", f"a proof cannot be read: {error}") from None
    return Leaf(
        merkle_tree=asset.merkle_tree,
        data_hash=asset.data_hash,
        creator_hash=asset.creator_hash,
        root=root,
        index=asset.index,
        proof=nodes,
        canopy_depth=canopy_depth,
    )


def _hash(text: Any) -> bytes:
    raw = base58_text.decode(str(text).strip())
    if len(raw) != 32:
        raise ValueError("a hash of another length")
    return raw


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError("an impossible leaf number")
    return value


def _second_creator(creators: Any) -> str | None:
    return str(creators[1]["address"]) if isinstance(creators, list) and len(creators) > 1 else None
