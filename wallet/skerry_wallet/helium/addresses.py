"""Address of each Helium account from what it belongs to (wallet-economics 1.3, KINDS-wallet wallet.account_address).

`ACCOUNTS` names every function; instruction templates and the conformance kind look them up there.
"""

import hashlib
from collections.abc import Callable

from skerry_keys import base58_text
from skerry_wallet.helium import constants
from skerry_wallet.helium.address import to_raw
from skerry_wallet.helium.constants import mint
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.idl import program_id
from skerry_wallet.helium.pda import Pda, find_pda

__all__ = ["ACCOUNTS", "entity_key_bytes"]

_SYMBOLS = {"iot": "IOT", "mobile": "MOBILE"}


def entity_key_bytes(entity_key: str, encoding: str = "b58") -> bytes:
    """Return the bytes of an entity key: decoded Base58 with version and checksum, or UTF-8 text.

    Raises `KeyRejected` bad_base58, `HeliumRejected` unknown_encoding.
    """
    match encoding:
        case "b58":
            return base58_text.decode(entity_key)
        case "utf8":
            return entity_key.encode()
    raise HeliumRejected("unknown_encoding", encoding)


def dao() -> Pda:
    return find_pda(program_id("helium_sub_daos"), b"dao", to_raw(mint("hnt")))


def sub_dao(sub_dao: str) -> Pda:
    return find_pda(program_id("helium_sub_daos"), b"sub_dao", to_raw(mint(sub_dao)))


def dao_epoch_info(epoch: int) -> Pda:
    return find_pda(program_id("helium_sub_daos"), b"dao_epoch_info", to_raw(dao().address), _u64(epoch))


def sub_dao_epoch_info(sub_dao: str, epoch: int) -> Pda:
    parent = to_raw(_sub_dao_address(sub_dao))
    return find_pda(program_id("helium_sub_daos"), b"sub_dao_epoch_info", parent, _u64(epoch))


def position(position_mint: str) -> Pda:
    return find_pda(program_id("voter_stake_registry"), b"position", to_raw(position_mint))


def delegated_position(position_mint: str) -> Pda:
    parent = to_raw(position(position_mint).address)
    return find_pda(program_id("helium_sub_daos"), b"delegated_position", parent)


def realm(token: str) -> Pda:
    name = constants.REALM_NAMES.get(token)
    if name is None:
        raise HeliumRejected("unknown_token", token)
    return find_pda(constants.GOVERNANCE_PROGRAM, b"governance", name.encode())


def registrar(token: str) -> Pda:
    seeds = (to_raw(realm(token).address), b"registrar", to_raw(mint(token)))
    return find_pda(program_id("voter_stake_registry"), *seeds)


def data_credits() -> Pda:
    return find_pda(program_id("data_credits"), b"dc", to_raw(mint("dc")))


def account_payer() -> Pda:
    return find_pda(program_id("data_credits"), b"account_payer")


def delegated_data_credits(sub_dao: str, router_key: str) -> Pda:
    seeds = (b"delegated_data_credits", to_raw(_sub_dao_address(sub_dao)), _sha256(router_key.encode()))
    return find_pda(program_id("data_credits"), *seeds)


def escrow_dc_account(sub_dao: str, router_key: str) -> Pda:
    parent = to_raw(delegated_data_credits(sub_dao, router_key).address)
    return find_pda(program_id("data_credits"), b"escrow_dc_account", parent)


def entity_creator() -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"entity_creator", to_raw(dao().address))


def key_to_asset(entity_key: str, encoding: str = "b58") -> Pda:
    seeds = (b"key_to_asset", to_raw(dao().address), _sha256(entity_key_bytes(entity_key, encoding)))
    return find_pda(program_id("helium_entity_manager"), *seeds)


def iot_info(entity_key: str) -> Pda:
    return _info("iot", entity_key)


def mobile_info(entity_key: str) -> Pda:
    return _info("mobile", entity_key)


def rewardable_entity_config(sub_dao: str) -> Pda:
    seeds = (b"rewardable_entity_config", to_raw(_sub_dao_address(sub_dao)), _SYMBOLS[sub_dao].encode())
    return find_pda(program_id("helium_entity_manager"), *seeds)


def data_only_config() -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"data_only_config", to_raw(dao().address))


def data_only_escrow() -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"data_only_escrow", to_raw(data_only_config().address))


def data_only_collection() -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"collection", to_raw(data_only_config().address))


def maker(name: str) -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"maker", to_raw(dao().address), name.encode())


def maker_collection(name: str) -> Pda:
    return find_pda(program_id("helium_entity_manager"), b"collection", to_raw(maker(name).address))


def maker_approval(sub_dao: str, name: str) -> Pda:
    seeds = (to_raw(rewardable_entity_config(sub_dao).address), to_raw(maker(name).address))
    return find_pda(program_id("helium_entity_manager"), b"maker_approval", *seeds)


def program_approval(program: str) -> Pda:
    seeds = (b"program_approval", to_raw(dao().address), to_raw(program))
    return find_pda(program_id("helium_entity_manager"), *seeds)


def lazy_distributor(token: str) -> Pda:
    return find_pda(program_id("lazy_distributor"), b"lazy_distributor", to_raw(mint(token)))


def recipient(token: str, asset: str) -> Pda:
    seeds = (b"recipient", to_raw(lazy_distributor(token).address), to_raw(asset))
    return find_pda(program_id("lazy_distributor"), *seeds)


def rewards_escrow(token: str) -> Pda:
    return ata(lazy_distributor(token).address, token=token)


def rewards_escrow_breaker(token: str) -> Pda:
    return account_breaker(rewards_escrow(token).address)


def oracle_signer() -> Pda:
    return find_pda(program_id("rewards_oracle"), b"oracle_signer")


def mint_breaker(token: str) -> Pda:
    return find_pda(program_id("circuit_breaker"), b"mint_windowed_breaker", to_raw(mint(token)))


def account_breaker(token_account: str) -> Pda:
    return find_pda(program_id("circuit_breaker"), b"account_windowed_breaker", to_raw(token_account))


def treasury_management(sub_dao: str) -> Pda:
    return find_pda(program_id("treasury_management"), b"treasury_management", to_raw(mint(sub_dao)))


def treasury(sub_dao: str) -> Pda:
    return ata(treasury_management(sub_dao).address, mint=mint("hnt"))


def treasury_breaker(sub_dao: str) -> Pda:
    return account_breaker(treasury(sub_dao).address)


def delegator_pool() -> Pda:
    return ata(dao().address, mint=mint("hnt"))


def delegator_pool_breaker() -> Pda:
    return account_breaker(delegator_pool().address)


def not_emitted() -> Pda:
    return find_pda(program_id("no_emit"), b"not_emitted")


def not_emitted_counter() -> Pda:
    return find_pda(program_id("no_emit"), b"not_emitted_counter", to_raw(mint("hnt")))


def asset(merkle_tree: str, index: int) -> Pda:
    return find_pda(constants.BUBBLEGUM_PROGRAM, b"asset", to_raw(merkle_tree), _u64(index))


def tree_authority(merkle_tree: str) -> Pda:
    return find_pda(constants.BUBBLEGUM_PROGRAM, to_raw(merkle_tree))


def bubblegum_signer() -> Pda:
    return find_pda(constants.BUBBLEGUM_PROGRAM, b"collection_cpi")


def ata(
    owner: str, *, token: str | None = None, mint: str | None = None, token_program: str = constants.TOKEN_PROGRAM
) -> Pda:
    if (token is None) == (mint is None):
        raise HeliumRejected("invalid_value", "an associated token account needs a token or a mint")
    token_mint = mint if mint is not None else constants.mint(str(token))
    seeds = (to_raw(owner), to_raw(token_program), to_raw(token_mint))
    return find_pda(constants.ASSOCIATED_TOKEN_PROGRAM, *seeds)


def mini_fanout(namespace: str, seed_hex: str) -> Pda:
    return find_pda(program_id("mini_fanout"), b"mini_fanout", to_raw(namespace), bytes.fromhex(seed_hex))


def mini_fanout_queue_authority() -> Pda:
    return find_pda(program_id("mini_fanout"), b"queue_authority")


def queue_authority() -> Pda:
    return find_pda(program_id("hpl_crons"), b"queue_authority")


def task_queue_authority(task_queue: str) -> Pda:
    seeds = (b"task_queue_authority", to_raw(task_queue), to_raw(queue_authority().address))
    return find_pda(constants.TUKTUK_PROGRAM, *seeds)


def wallet_claim_payer(task_queue: str, wallet: str) -> Pda:
    return find_pda(constants.TUKTUK_PROGRAM, b"custom", to_raw(task_queue), b"claim_payer", to_raw(wallet))


def position_claim_payer(task_queue: str) -> Pda:
    return find_pda(constants.TUKTUK_PROGRAM, b"custom", to_raw(task_queue), b"position")


def entity_cron_authority(wallet: str) -> Pda:
    return find_pda(program_id("hpl_crons"), b"entity_cron_authority", to_raw(wallet))


def delegation_claim_bot(task_queue: str, position_mint: str) -> Pda:
    seeds = (b"delegation_claim_bot", to_raw(task_queue), to_raw(delegated_position(position_mint).address))
    return find_pda(program_id("hpl_crons"), *seeds)


def epoch_tracker() -> Pda:
    return find_pda(program_id("hpl_crons"), b"epoch_tracker", to_raw(dao().address))


def price_account(receiver: str, shard: int, feed_hex: str) -> Pda:
    program = constants.PUSH_ORACLE_PROGRAMS.get(receiver)
    if program is None:
        raise HeliumRejected("unknown_program", receiver)
    return find_pda(program, shard.to_bytes(2, "little"), bytes.fromhex(feed_hex))


def token_metadata(mint: str) -> Pda:
    return find_pda(
        constants.TOKEN_METADATA_PROGRAM, b"metadata", to_raw(constants.TOKEN_METADATA_PROGRAM), to_raw(mint)
    )


def master_edition(mint: str) -> Pda:
    program = constants.TOKEN_METADATA_PROGRAM
    return find_pda(program, b"metadata", to_raw(program), to_raw(mint), b"edition")


def _info(sub_dao: str, entity_key: str) -> Pda:
    config = to_raw(rewardable_entity_config(sub_dao).address)
    seeds = (f"{sub_dao}_info".encode(), config, _sha256(entity_key_bytes(entity_key)))
    return find_pda(program_id("helium_entity_manager"), *seeds)


def _sub_dao_address(token: str) -> str:
    if token not in _SYMBOLS:
        raise HeliumRejected("unknown_token", f"{token} is no sub-DAO")
    return sub_dao(token).address


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


_FUNCTIONS: tuple[Callable[..., Pda], ...] = (
    dao, sub_dao, dao_epoch_info, sub_dao_epoch_info, position, delegated_position, realm, registrar, data_credits,
    account_payer, delegated_data_credits, escrow_dc_account, entity_creator, key_to_asset, iot_info, mobile_info,
    rewardable_entity_config, data_only_config, data_only_escrow, data_only_collection, maker, maker_collection,
    maker_approval, program_approval, lazy_distributor, recipient, rewards_escrow, rewards_escrow_breaker,
    oracle_signer, mint_breaker, account_breaker, treasury_management, treasury, treasury_breaker, delegator_pool,
    delegator_pool_breaker, not_emitted, not_emitted_counter, asset, tree_authority, bubblegum_signer, ata,
    mini_fanout, mini_fanout_queue_authority, queue_authority, task_queue_authority, wallet_claim_payer,
    position_claim_payer, entity_cron_authority, delegation_claim_bot, epoch_tracker, price_account,
    token_metadata, master_edition,
)  # fmt: skip
ACCOUNTS: dict[str, Callable[..., Pda]] = {function.__name__: function for function in _FUNCTIONS}
