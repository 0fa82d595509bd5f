"""Helium's side for tests of claims: a JSON-RPC server with DAS and two reward oracles, on one local port."""

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from nacl.signing import SigningKey

from skerry_agent.wallet.helium_assets import COMMON_TABLE
from skerry_keys import base58_text
from skerry_testing.cli import skerry
from skerry_testing.wallet import address_of, signer
from skerry_wallet.address import address_bytes
from skerry_wallet.helium import addresses, constants, idl
from skerry_wallet.helium.claim_transaction import attestation_message
from skerry_wallet.helium.fees import transaction_fee
from skerry_wallet.helium.transaction_decode import decode_transaction
from skerry_wallet.keyfile.solana_key import to_json
from skerry_wallet.transaction import parse_transaction

__all__ = ["CANOPY", "ENTITY_KEYS", "HeliumServer", "helium_server", "owner_home", "serving", "tree_account"]

TREE = address_of("tree")
GENESIS = address_of("genesis")
BLOCKHASH = address_of("blockhash")
TREE_DEPTH, TREE_BUFFER, CANOPY = 14, 64, 11
ENTITY_KEYS = tuple(
    base58_text.encode(bytes([0, 1]) + signer(f"hotspot {number}").public_key[1:] + bytes(4)) for number in range(3)
)
_ZERO = "1" * 32
_SYSTEM = "1" * 32


@dataclass(slots=True)
class HeliumServer:
    """`lifetime` is oracle -> entity key -> bones; `paid` entity key -> bones of an existing recipient."""

    owner: str
    url: str = ""
    lifetime: list[dict[str, int]] = field(default_factory=lambda: [{}, {}])
    paid: dict[str, int] = field(default_factory=dict)
    onboarded: dict[str, int | None] = field(default_factory=dict)  # entity key -> asserted location
    dc: int = 0  # data credits of the owner
    forge: bool = False  # the second oracle signs with another key
    sent: list[bytes] = field(default_factory=list)

    def asset(self, number: int) -> str:
        """Return the asset id of a hotspot."""
        return addresses.asset(TREE, number).address

    def accounts(self) -> dict[str, tuple[str, bytes]]:
        """Return address -> owner and data of every account that there is."""
        oracles = [{"oracle": address_of(f"oracle {n}"), "url": f"{self.url}/oracle/{n}"} for n in range(2)]
        distributor = {
            "version": 0, "rewards_mint": _ZERO, "rewards_escrow": _ZERO, "authority": _ZERO, "oracles": oracles,
            "bump_seed": 255, "approver": None,
        }  # fmt: skip
        found = {
            addresses.lazy_distributor("hnt").address: (
                idl.program_id("lazy_distributor"), idl.encode_account("LazyDistributorV0", distributor),
            ),
            COMMON_TABLE: ("AddressLookupTab1e1111111111111111111111111", bytes(56) + _table_rows()),
            TREE: ("cmtDvXumGCrqC1Age74AVPhSRVXJMd8PJS91L8KbNCK", tree_account()),
        }  # fmt: skip
        found |= self._fees()
        for number, key in enumerate(ENTITY_KEYS):
            if key in self.onboarded:
                info = {
                    "asset": self.asset(number), "bump_seed": 255, "location": self.onboarded[key], "elevation": 3,
                    "gain": 12, "is_full_hotspot": False, "num_location_asserts": 1, "is_active": True,
                    "dc_onboarding_fee_paid": 0,
                }  # fmt: skip
                found[addresses.iot_info(key).address] = (
                    idl.program_id("helium_entity_manager"), idl.encode_account("IotHotspotInfoV0", info),
                )  # fmt: skip
            entity = {
                "dao": addresses.dao().address, "asset": self.asset(number),
                "entity_key_hex": base58_text.decode(key).hex(), "bump_seed": 255, "key_serialization": "b58",
            }  # fmt: skip
            found[addresses.key_to_asset(key).address] = (
                idl.program_id("helium_entity_manager"), idl.encode_account("KeyToAssetV0", entity),
            )  # fmt: skip
            if key in self.paid:
                recipient = {
                    "lazy_distributor": addresses.lazy_distributor("hnt").address, "asset": self.asset(number),
                    "total_rewards": self.paid[key], "current_config_version": 0, "current_rewards": [None, None],
                    "bump_seed": 255, "reserved": 0, "destination": _ZERO,
                }  # fmt: skip
                found[addresses.recipient("hnt", self.asset(number)).address] = (
                    idl.program_id("lazy_distributor"), idl.encode_account("RecipientV0", recipient),
                )  # fmt: skip
        found[self.owner] = (_SYSTEM, b"")
        return found

    def _fees(self) -> dict[str, tuple[str, bytes]]:
        settings = {
            "min_gain": 10, "max_gain": 150, "full_location_staking_fee": 1_000_000,
            "dataonly_location_staking_fee": 50_000,
        }  # fmt: skip
        config = {
            "authority": _ZERO, "symbol": "IOT", "sub_dao": _ZERO, "settings": {"iot_config": settings},
            "bump_seed": 255, "staking_requirement": 0,
        }  # fmt: skip
        names = (
            "dao", "dnt_mint", "treasury", "rewards_escrow", "delegator_pool", "authority",
            "deprecated_active_device_aggregator", "dc_burn_authority", "registrar", "active_device_authority",
        )  # fmt: skip
        numbers = (
            "vehnt_delegated", "vehnt_last_calculated_ts", "vehnt_fall_rate", "onboarding_dc_fee", "bump_seed",
            "deprecated_delegator_rewards_percent", "dc_onboarding_fees_paid",
        )  # fmt: skip
        sub_dao: dict[str, Any] = dict.fromkeys(names, _ZERO) | dict.fromkeys(numbers, 0)
        sub_dao |= {"emission_schedule": [], "onboarding_data_only_dc_fee": 60_000}
        held = addresses.ata(self.owner, token="dc").address
        token_account = address_bytes(constants.MINTS["dc"]) + address_bytes(self.owner) + self.dc.to_bytes(8, "little")
        return {
            addresses.rewardable_entity_config("iot").address: (
                idl.program_id("helium_entity_manager"), idl.encode_account("RewardableEntityConfigV0", config),
            ),
            addresses.sub_dao("iot").address: (
                idl.program_id("helium_sub_daos"), idl.encode_account("SubDaoV0", sub_dao),
            ),
            held: (constants.TOKEN_PROGRAM, token_account + bytes(36) + b"\x02" + bytes(56)),
        }  # fmt: skip

    def answer(self, method: str, params: Any) -> Any:
        """Answer one JSON-RPC call."""
        match method:
            case "getGenesisHash":
                return GENESIS
            case "getLatestBlockhash":
                return _context({"blockhash": BLOCKHASH, "lastValidBlockHeight": 1000})
            case "getBlockHeight":
                return 900
            case "getMinimumBalanceForRentExemption":
                return (params[0] + 128) * 6960
            case "getMultipleAccounts":
                known = self.accounts()
                return _context([_account(known.get(address)) for address in params[0]])
            case "simulateTransaction":
                return _context({"err": None, "logs": [], "unitsConsumed": 90_000, "accounts": None})
            case "sendTransaction":
                raw = base64.b64decode(params[0])
                self.sent.append(raw)
                return parse_transaction(raw).signature
            case "getSignatureStatuses":
                known_signatures = {parse_transaction(raw).signature for raw in self.sent}
                landed = {"slot": 5, "confirmations": None, "err": None, "confirmationStatus": "finalized"}
                return _context([landed if one in known_signatures else None for one in params[0]])
            case "getTransaction":
                return next((_landing(raw) for raw in self.sent if parse_transaction(raw).signature == params[0]), None)
            case "searchAssets":
                return {"items": [self._asset(number) for number in range(len(ENTITY_KEYS))]}
            case "getAssetProofBatch":
                nodes = [address_of(f"node {number}") for number in range(TREE_DEPTH)]
                return {one: {"root": address_of("root"), "proof": nodes, "tree_id": TREE} for one in params["ids"]}
        raise KeyError(method)

    def oracle(self, number: int, path: str, body: Any) -> Any:
        """Answer one oracle call."""
        if path == "bulk-rewards":
            values = self.lifetime[number]
            return {"currentRewards": {key: str(values[key]) for key in body["entityKeys"] if key in values}}
        messages = []
        for index, key in enumerate(ENTITY_KEYS):
            if addresses.key_to_asset(key).address in body["keyToAssetKeys"]:
                value = self.lifetime[number].get(key, 0)
                message = attestation_message(
                    token="hnt", asset=self.asset(index), oracle_index=number, current_rewards=value
                )
                name = "nobody" if self.forge and number else f"oracle {number}"
                signature = _signing_key(name).sign(message).signature
                messages.append({"serialized": _base64(message), "signature": _base64(signature)})
        return {"oracle": address_of(f"oracle {number}"), "messages": messages}

    def _asset(self, number: int) -> dict[str, Any]:
        key = addresses.key_to_asset(ENTITY_KEYS[number]).address
        return {
            "id": self.asset(number),
            "content": {"metadata": {"name": f"some-animal-{number}", "symbol": "HOTSPOT"}},
            "compression": {
                "tree": TREE, "leaf_id": number, "data_hash": address_of("data"), "creator_hash": address_of("creator"),
            },
            "ownership": {"owner": self.owner, "delegate": None},
            "creators": [{"address": addresses.entity_creator().address}, {"address": key}],
            "burnt": False,
        }  # fmt: skip


@asynccontextmanager
async def helium_server(server: HeliumServer) -> AsyncIterator[HeliumServer]:
    """Serve it on a free local port; `server.url` is set."""

    async def rpc(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": server.answer(body["method"], body["params"])})

    async def oracle(request: web.Request) -> web.Response:
        number, path = int(request.match_info["number"]), request.match_info["path"]
        return web.json_response(server.oracle(number, path, json.loads(await request.read())))

    app = web.Application()
    app.router.add_post("/", rpc)
    app.router.add_post("/oracle/{number}/{path:.*}", oracle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # started, so it is there
        server.url = f"http://127.0.0.1:{port}"
        yield server
    finally:
        await runner.cleanup()


@contextmanager
def serving(server: HeliumServer) -> Iterator[HeliumServer]:
    """Serve it from a thread, for commands that run a loop of their own."""
    started = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        async with helium_server(server):
            stop.append((asyncio.get_running_loop(), asyncio.Event()))
            started.set()
            await stop[0][1].wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="helium")
    thread.start()
    assert started.wait(20)
    try:
        yield server
    finally:
        stop[0][0].call_soon_threadsafe(stop[0][1].set)
        thread.join(20)


def owner_home(folder: Path) -> tuple[Path, str, list[str]]:
    """Return a folder with the wallet `mine`, its address, and the options that unlock it."""
    home, key, password = folder / "home", folder / "key.json", folder / "password"
    password.write_text("secret\n")
    key.touch(mode=0o600)
    key.write_text(to_json(hashlib.sha256(b"owner").digest()))
    secret = ["--password-file", str(password)]
    made = skerry(home, "wallet", "import", "mine", "--keypair-file", str(key), *secret, "--json")
    assert made.code == 0, made.err
    return home, made.json["solana_address"], secret


def _landing(raw: bytes) -> dict[str, Any]:
    """Return getTransaction's answer: the payer's fee is all that moves."""
    rows = _table_rows()
    loaded: dict[str, list[str]] = {"writable": [], "readonly": []}
    decoded = decode_transaction(raw)
    for lookup in decoded.lookups:
        for part, indexes in (("writable", lookup.writable_indexes), ("readonly", lookup.readonly_indexes)):
            loaded[part] += [base58_text.encode(rows[index * 32 : index * 32 + 32]) for index in indexes]
    count = len(decoded.static_keys) + len(loaded["writable"]) + len(loaded["readonly"])
    fee = transaction_fee(decoded).fee
    meta = {
        "err": None, "fee": fee, "preBalances": [10**9] + [0] * (count - 1),
        "postBalances": [10**9 - fee] + [0] * (count - 1), "loadedAddresses": loaded,
    }  # fmt: skip
    return {"slot": 5, "blockTime": 1_790_000_000, "meta": meta, "transaction": [_base64(raw), "base64"]}


def _table_rows() -> bytes:
    programs = [idl.program_id(name) for name in ("lazy_distributor", "rewards_oracle", "circuit_breaker")]
    known = (
        addresses.lazy_distributor("hnt"), addresses.oracle_signer(), addresses.rewards_escrow("hnt"),
        addresses.rewards_escrow_breaker("hnt"),
    )  # fmt: skip
    others = [constants.SYSTEM_PROGRAM, constants.TOKEN_PROGRAM, constants.ASSOCIATED_TOKEN_PROGRAM,
              constants.SYSVAR_INSTRUCTIONS, constants.COMPRESSION_PROGRAM, constants.MINTS["hnt"]]  # fmt: skip
    rows = [*programs, *(one.address for one in known), *others]
    return b"".join(address_bytes(row) for row in rows)


def tree_account() -> bytes:
    """Return a Merkle tree account of the right size."""
    entry = 32 + 32 * TREE_DEPTH + 8
    header = bytes([1, 0]) + TREE_BUFFER.to_bytes(4, "little") + TREE_DEPTH.to_bytes(4, "little")
    canopy = 32 * (2 ** (CANOPY + 1) - 2)
    return header + bytes(56 - len(header) + 24 + TREE_BUFFER * entry + entry + canopy)


def _signing_key(name: str) -> SigningKey:
    return SigningKey(hashlib.sha256(name.encode()).digest())


def _account(found: tuple[str, bytes] | None) -> Any:
    if found is None:
        return None
    owner, data = found
    lamports = 10**9 if owner == _SYSTEM else 10**7
    return {"lamports": lamports, "owner": owner, "data": [_base64(data), "base64"], "executable": False,
            "rentEpoch": 0}  # fmt: skip


def _context(value: Any) -> dict[str, Any]:
    return {"context": {"slot": 1}, "value": value}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
