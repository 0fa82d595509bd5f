"""What wallets hold, asked from a cluster: SOL and every token of the network, with the mark of what fees need."""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_agent.operator.network_file import OperatorFolder
from skerry_agent.wallet.review import LOW_SOL_LAMPORTS
from skerry_wallet.address import address_bytes
from skerry_wallet.cluster import Cluster
from skerry_wallet.helium.constants import DECIMALS, MINTS
from skerry_wallet.spending.effects import SOL
from skerry_wallet.tokens import Token, network_tokens, token_balances

__all__ = ["HELIUM_TOKENS", "SOL_DECIMALS", "Holding", "holdings", "tokens_of"]

SOL_DECIMALS = 9
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
HELIUM_TOKENS = {
    **{name.upper(): Token(name=name.upper(), mint=mint, decimals=DECIMALS[name]) for name, mint in MINTS.items()},
    "USDC": Token(name="USDC", mint=USDC, decimals=6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Base units of one asset in one wallet; `low` marks SOL that will not pay for many transactions."""

    owner: str
    token: str
    mint: str | None
    amount: int
    decimals: int
    frozen: bool
    low: bool


def tokens_of(folder: OperatorFolder) -> dict[str, Token]:
    """Return the tokens of the folder's own network, or Helium's where none is operated. Raises `UserError`."""
    if not folder.exists:
        return HELIUM_TOKENS
    network = folder.read()
    return network_tokens(network.network, network.specs(), folder.key("mint_authority").public_key[1:])


async def holdings(cluster: Cluster, owners: Sequence[str], tokens: Sequence[Token]) -> list[Holding]:
    """Return SOL and tokens of every wallet, in that order. Raises `ClusterError`."""
    found: dict[str, list[Holding]] = {}
    for owner, account in zip(owners, await cluster.accounts(list(owners)), strict=True):
        lamports = account.lamports if account else 0
        low = lamports < LOW_SOL_LAMPORTS
        found[owner] = [
            Holding(owner=owner, token=SOL, mint=None, amount=lamports, decimals=SOL_DECIMALS, frozen=False, low=low)
        ]
    keys = [address_bytes(owner) for owner in owners]
    for token in tokens:
        for owner, held in zip(owners, await token_balances(cluster, token.mint, keys), strict=True):
            found[owner].append(
                Holding(
                    owner=owner,
                    token=token.name,
                    mint=token.mint,
                    amount=held.amount,
                    decimals=token.decimals,
                    frozen=held.frozen,
                    low=False,
                )
            )
    return [holding for owner in owners for holding in found[owner]]
