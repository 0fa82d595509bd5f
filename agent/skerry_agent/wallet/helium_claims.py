"""A wallet's Helium hotspots: what they are, what they have pending, and the claim of one (sheet 1.5, 1.6).

Only JSON-RPC, DAS and the oracles that the distributor account itself names are asked; no answer is believed unchecked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_agent.wallet.helium_assets import HeliumAssets
from skerry_agent.wallet.messages import helium_message
from skerry_core.errors import NotFoundError
from skerry_wallet.cluster import Account
from skerry_wallet.helium import addresses, idl
from skerry_wallet.helium.claim_transaction import ClaimTarget, claim_instructions
from skerry_wallet.helium.claims import upper_median
from skerry_wallet.helium.das import HotspotAsset
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.oracle_api import (
    Oracle,
    bulk_rewards_requests,
    oracles_of,
    parse_attestation,
    parse_bulk_rewards,
    sign_request,
)
from skerry_wallet.transaction import MAX_TRANSACTION_SIZE, transaction_size

__all__ = ["HeliumClaims", "PendingHotspot"]

CLAIM_UNITS = 400_000
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
    """Reads and builds; never signs."""

    assets: HeliumAssets
    token: str = "hnt"  # noqa: S105 - the name of a currency

    async def oracles(self) -> list[Oracle]:
        """Return the reward oracles as the distributor account lists them."""
        address = addresses.lazy_distributor(self.token).address
        (account,) = await self.assets.cluster.accounts([address])
        if account is None or account.owner != idl.program_id("lazy_distributor"):
            raise NotFoundError("E_NO_DISTRIBUTOR", "This cluster has no Helium reward distributor.")
        return oracles_of(idl.decode_account(account.data, "LazyDistributorV0").fields)

    async def pending(self, assets: Sequence[HotspotAsset], oracles: Sequence[Oracle]) -> list[PendingHotspot]:
        """Return what each hotspot has earned and been paid. Raises as `HeliumAssets`."""
        keys = [await self.assets.entity_key(asset) for asset in assets]
        by_oracle = []
        for oracle in oracles:
            values: dict[str, int] = {}
            for body in bulk_rewards_requests(keys):
                answer = await self.assets.poster.post(f"{oracle.url}/bulk-rewards", body)
                values |= parse_bulk_rewards(answer, body["entityKeys"])
            by_oracle.append(values)
        names = [addresses.recipient(self.token, asset.asset).address for asset in assets]
        recipients = await self.assets.cluster.accounts(names) if names else []
        return [
            _pending(asset, key, tuple(values[key] for values in by_oracle), account)
            for asset, key, account in zip(assets, keys, recipients, strict=True)
        ]

    async def claim_message(self, one: PendingHotspot, oracles: Sequence[Oracle], *, owner: str) -> bytes:
        """Return the claim's message without a blockhash, built from values that every oracle has signed.

        Where the recipient account is missing and both do not fit one transaction, it only makes that account: claim
        again afterwards.

        Raises as `HeliumAssets`, and `HeliumRejected` wrong_attestation or bad_signature for a lying oracle.
        """
        asset = one.asset
        target = ClaimTarget(
            payer=owner,
            owner=owner,
            token=self.token,
            asset=asset.asset,
            entity_key=one.entity_key,
            leaf=await self.assets.leaf(asset),
            recipient_exists=one.recipient_exists,
            destination=one.destination,
        )
        known = addresses.key_to_asset(one.entity_key).address
        attestations = [
            parse_attestation(
                await self.assets.poster.post(f"{oracle.url}/v1/sign", sign_request(known)),
                oracle,
                token=self.token,
                asset=asset.asset,
            )
            for oracle in oracles
        ]
        calls = claim_instructions(target, attestations, cu_limit=CLAIM_UNITS, cu_price=1)
        tables = await self.assets.tables()
        message = helium_message(calls, owner, tables)
        if not one.recipient_exists and transaction_size(message) > MAX_TRANSACTION_SIZE:
            message = helium_message(calls[:3], owner, tables)  # limit, price, the recipient account
        return message


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
