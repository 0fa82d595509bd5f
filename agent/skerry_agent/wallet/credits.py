"""Data credits for `skerry dc`: balance, price and usage as read, minting and burning on this folder's own network."""

from typing import Any

from skerry_agent.wallet.balances import tokens_of
from skerry_agent.wallet.clusters import open_cluster, operator_folder
from skerry_agent.wallet.credit_usage import usage_by_day
from skerry_agent.wallet.local_house import open_local_house, require_operator
from skerry_agent.wallet.owners import find_wallet
from skerry_agent.wallet.payments import open_ledger
from skerry_client.paths import Paths
from skerry_core.clock import SystemClock
from skerry_core.errors import NotFoundError, UsageError
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.errors import InsufficientFunds
from skerry_wallet.helium import addresses, idl
from skerry_wallet.helium.constants import HNT_USD_FEED_HEX
from skerry_wallet.helium.data_credits import PriceUpdate
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.tokens import token_balances
from skerry_wallet.transaction import signer_key

__all__ = ["credit_balance", "credit_usage", "move_credits", "read_price"]

PYTH_RECEIVER = "rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp"  # the only price program that data_credits accepts


async def credit_balance(paths: Paths, wallet: str | None, *, url: str | None) -> tuple[int, str]:
    """Return the data credits and the address of a wallet (name or address), None for the network's data payer."""
    if wallet is None:
        owner = address_text(require_operator(paths).key("data_payer").public_key[1:])
    else:
        known = find_wallet(paths, wallet)
        owner = known.public_key.solana_address or "" if known else wallet
    folder = operator_folder(paths)
    token = tokens_of(folder)[folder.read().credit_token if folder.exists else "DC"]
    try:
        key = address_bytes(owner)
    except ValueError as error:
        raise UsageError("E_WALLET_ADDRESS", f"{owner} is neither a wallet here nor an address.") from error
    async with open_cluster(paths, url=url, clock=SystemClock()) as cluster:
        (held,) = await token_balances(cluster, token.mint, [key])
    return held.amount, owner


async def read_price(paths: Paths, *, url: str | None) -> PriceUpdate:
    """Return the price account that the program itself uses. Raises `NotFoundError` E_DC_PRICE, `ClusterError`."""
    address = addresses.price_account("current", 0, HNT_USD_FEED_HEX).address
    async with open_cluster(paths, url=url, clock=SystemClock()) as cluster:
        (account,) = await cluster.accounts([address])
    try:
        if account is None or account.owner != PYTH_RECEIVER:
            raise HeliumRejected("invalid_price_oracle_owner", "no price account there")
        return PriceUpdate.from_account(idl.decode_account(account.data, "PriceUpdateV2").fields, receiver="current")
    except HeliumRejected as error:
        raise NotFoundError(
            "E_DC_PRICE", f"The cluster has no usable HNT price: {error}.",
            remedy="Use a main network server with --cluster, or give --ema-price.",
        ) from error  # fmt: skip


async def move_credits(paths: Paths, verb: str, amount: int, cause: str, *, commit: bool) -> dict[str, Any]:
    """Mint to, or burn from, the data payer of this folder's network, once per cause; say what changed."""
    async with open_local_house(paths, clock=SystemClock()) as house:
        treasury = house.treasury
        owner = address_text(signer_key(treasury.data_payer))
        before = await treasury.credits.balance(owner)
        if verb == "burn" and before < amount:
            raise InsufficientFunds(
                account=owner, asset=house.network.credit_token, needed=amount, held=before, decimals=0
            )
        if commit:
            await (treasury.issue_credits(cause, amount) if verb == "mint" else treasury.burn(cause, amount))
            after = await treasury.credits.balance(owner)
        else:
            after = before + (amount if verb == "mint" else -amount)
        return {
            "network": house.network.network, "test_tokens": house.network.test_tokens, "verb": verb, "cause": cause,
            "dc": amount, "owner": owner, "dc_before": before, "dc_after": after, "committed": commit,
            "ledger_matches_chain": (await treasury.compare()).matches,
        }  # fmt: skip


async def credit_usage(paths: Paths) -> tuple[int, list[int]]:
    """Return the data payer's balance and what was burned on each whole day since the first burn, oldest first."""
    clock = SystemClock()
    owner = address_text(require_operator(paths).key("data_payer").public_key[1:])
    async with open_ledger(paths, clock=clock) as ledger:
        return await usage_by_day(ledger, owner, now_s=clock.wall_s())
