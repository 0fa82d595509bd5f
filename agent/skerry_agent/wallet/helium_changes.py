"""What an owner changes about a hotspot on Helium: onboarding, asserted location, who gets the rewards. Never signs.

Fees are read from the accounts that the programs themselves read (sheet 1.10); the programs charge a location only
when it changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from skerry_agent.wallet.helium_assets import HeliumAssets
from skerry_agent.wallet.messages import helium_message
from skerry_core.errors import NotFoundError, RefusedError, UsageError
from skerry_wallet.address import address_bytes
from skerry_wallet.errors import InsufficientFunds
from skerry_wallet.helium import addresses, idl, native
from skerry_wallet.helium.claim_transaction import Leaf
from skerry_wallet.helium.constants import MINTS
from skerry_wallet.helium.das import HotspotAsset
from skerry_wallet.helium.instruction import Instruction
from skerry_wallet.helium.instructions import build_instruction
from skerry_wallet.tokens import token_balances

__all__ = ["HeliumChanges", "Proposal", "SubDao"]

SubDao = Literal["iot", "mobile"]
UNITS = 300_000
RECIPIENT_UNITS = 350_000  # sheet 1.6: 150,000 for its account, 200,000 for the destination
RECIPIENT_RENT_LAMPORTS = 2_422_080  # 220 bytes, sheet 1.4
OWNER_AGAIN = "1" * 32  # the all-zero destination: rewards go to the owner
_ENTITY_MANAGER = "helium_entity_manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A message without a blockhash, what it takes besides what its bytes say, and what its owner should know.

    `pays` is asset -> base units: data-credit fees are taken by the program and stand in no instruction.
    """

    message: bytes
    pays: Mapping[str, int] = field(default_factory=dict)
    rent_lamports: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliumChanges:
    """Builds for one wallet's hotspots. Every method raises as `HeliumAssets`, and `UserError` for what is refused."""

    assets: HeliumAssets

    async def onboard(
        self, owner: str, entity_key: str, *, location: int | None, elevation_m: int | None, gain_ddbi: int | None
    ) -> Proposal:
        """Onboard a data-only hotspot to the IoT network; its NFT must be in the wallet already."""
        asset = await self.assets.hotspot(owner, entity_key)
        if await self._info("iot", entity_key) is not None:
            raise RefusedError(
                "E_HOTSPOT_ONBOARDED",
                f"{entity_key} is onboarded to the IoT network already.",
                remedy="Change its location with `skerry wallet helium assert`.",
            )
        settings = await self._settings("iot")
        _check_gain(gain_ddbi, settings)
        sub_dao = await self._account(addresses.sub_dao("iot").address, "SubDaoV0", "helium_sub_daos")
        onboarding = int(sub_dao["onboarding_data_only_dc_fee"])
        located = int(settings["dataonly_location_staking_fee"]) if location is not None else 0
        inputs = {
            **_whose(owner, entity_key, "iot"), **_leaf(await self.assets.leaf(asset)),
            "location": location, "elevation": elevation_m, "gain": gain_ddbi,
        }  # fmt: skip
        call = build_instruction(f"{_ENTITY_MANAGER}.onboard_data_only_iot_hotspot_v0", inputs)
        facts = {"onboarding_dc": onboarding, "location_dc": located, "location": _cell(location)}
        return await self._proposal(owner, asset, [call], dc=onboarding + located, facts=facts)

    async def assert_location(
        self,
        owner: str,
        entity_key: str,
        *,
        sub_dao: SubDao,
        location: int | None,
        elevation_m: int | None = None,
        gain_ddbi: int | None = None,
    ) -> Proposal:
        """Assert a hotspot's location; what is None stays as it is."""
        asset = await self.assets.hotspot(owner, entity_key)
        info = await self._info(sub_dao, entity_key)
        if info is None:
            raise NotFoundError(
                "E_HOTSPOT_NOT_ONBOARDED",
                f"{entity_key} is not onboarded to the {sub_dao} network.",
                remedy="Onboard it first with `skerry wallet helium onboard`.",
            )
        settings = await self._settings(sub_dao)
        changed = location is not None and location != info["location"]
        fee = _location_fee(settings, info) if changed else 0
        inputs = {**_whose(owner, entity_key, sub_dao), **_leaf(await self.assets.leaf(asset)), "location": location}
        if sub_dao == "iot":
            _check_gain(gain_ddbi, settings)
            inputs |= {"elevation": elevation_m, "gain": gain_ddbi}
        else:
            inputs |= {"deployment_info": None}
        call = build_instruction(f"{_ENTITY_MANAGER}.update_{sub_dao}_info_v0", inputs)
        facts = {
            "location_dc": fee, "location_before": _cell(info["location"]), "location": _cell(location),
            "asserts_before": info["num_location_asserts"],
        }  # fmt: skip
        return await self._proposal(owner, asset, [call], dc=fee, facts=facts)

    async def recipient(self, owner: str, entity_key: str, *, destination: str | None) -> Proposal:
        """Let a hotspot's HNT rewards go to another wallet from the next claim on; None brings them back."""
        asset = await self.assets.hotspot(owner, entity_key)
        address = addresses.recipient("hnt", asset.asset).address
        (account,) = await self.assets.cluster.accounts([address])
        inputs = {
            "payer": owner, "owner": owner, "token": "hnt", "asset": asset.asset,
            "destination": destination or OWNER_AGAIN, **_leaf(await self.assets.leaf(asset)),
        }  # fmt: skip
        calls = [build_instruction("lazy_distributor.update_compression_destination_v0", inputs)]
        before: Any = None
        if account is None:
            calls.insert(0, build_instruction("lazy_distributor.initialize_compression_recipient_v0", inputs))
        else:
            before = idl.decode_account(account.data, "RecipientV0").fields["destination"]
        facts = {
            "destination_before": owner if before in (None, OWNER_AGAIN) else before,
            "destination": destination or owner,
        }  # fmt: skip
        rent = RECIPIENT_RENT_LAMPORTS if account is None else 0
        return await self._proposal(owner, asset, calls, units=RECIPIENT_UNITS, rent=rent, facts=facts)

    async def _proposal(
        self, owner: str, asset: HotspotAsset, calls: Sequence[Instruction], *, dc: int = 0, units: int = UNITS,
        rent: int = 0, facts: Mapping[str, Any],
    ) -> Proposal:  # fmt: skip
        if dc:
            (held,) = await token_balances(self.assets.cluster, MINTS["dc"], [address_bytes(owner)])
            if held.amount < dc:
                raise InsufficientFunds(account=owner, asset="DC", needed=dc, held=held.amount)
        budget = [native.set_compute_unit_limit(units), native.set_compute_unit_price(1)]
        message = helium_message([*budget, *calls], owner, await self.assets.tables())
        pays = {MINTS["dc"]: dc} if dc else {}
        return Proposal(message=message, pays=pays, rent_lamports=rent, facts={"name": asset.name, **facts})

    async def _info(self, sub_dao: SubDao, entity_key: str) -> dict[str, Any] | None:
        address = addresses.ACCOUNTS[f"{sub_dao}_info"](entity_key).address
        (account,) = await self.assets.cluster.accounts([address])
        if account is None or account.owner != idl.program_id(_ENTITY_MANAGER):
            return None
        return idl.decode_account(account.data, f"{sub_dao.capitalize()}HotspotInfoV0").fields

    async def _settings(self, sub_dao: SubDao) -> dict[str, Any]:
        address = addresses.rewardable_entity_config(sub_dao).address
        config = await self._account(address, "RewardableEntityConfigV0", _ENTITY_MANAGER)
        ((_, settings),) = config["settings"].items()
        return dict(settings)

    async def _account(self, address: str, layout: str, program: str) -> dict[str, Any]:
        (account,) = await self.assets.cluster.accounts([address])
        if account is None or account.owner != idl.program_id(program):
            raise NotFoundError(
                "E_NO_HELIUM", "This cluster has no Helium programs.", remedy="Name a main network server."
            )
        return idl.decode_account(account.data, layout).fields


def _whose(owner: str, entity_key: str, sub_dao: SubDao) -> dict[str, Any]:
    return {"payer": owner, "dc_fee_payer": owner, "owner": owner, "sub_dao": sub_dao, "entity_key": entity_key}


def _leaf(leaf: Leaf) -> dict[str, Any]:
    return {
        "merkle_tree": leaf.merkle_tree,
        "data_hash_hex": leaf.data_hash.hex(),
        "creator_hash_hex": leaf.creator_hash.hex(),
        "root_hex": leaf.root.hex(),
        "index": leaf.index,
        "proof": leaf.proof,
        "canopy_depth": leaf.canopy_depth,
    }


def _check_gain(gain_ddbi: int | None, settings: Mapping[str, Any]) -> None:
    low, high = int(settings["min_gain"]), int(settings["max_gain"])
    if gain_ddbi is not None and not low <= gain_ddbi <= high:
        raise UsageError(
            "E_GAIN", f"{gain_ddbi / 10} dBi cannot be asserted; this network takes {low / 10} to {high / 10} dBi."
        )


def _location_fee(settings: Mapping[str, Any], info: Mapping[str, Any]) -> int:
    """Return the DC that a changed location costs: by kind of hotspot, on Mobile by type of device."""
    devices = settings.get("fees_by_device")
    if devices is None:
        kind = "full" if info["is_full_hotspot"] else "dataonly"
        return int(settings[f"{kind}_location_staking_fee"])
    for device in devices:
        if device["device_type"] == info["device_type"]:
            return int(device["location_staking_fee"])
    raise RefusedError("E_HELIUM_FEE", f"The network names no fee for a {info['device_type']}.")


def _cell(location: int | None) -> str | None:
    return None if location is None else f"{location:x}"
