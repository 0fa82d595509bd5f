"""A network's own tokens: mints at addresses that follow from the mint authority and the name, and their creation.

The demo and private operators call `create_network` once; it is safe to call again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skerry_core.clock import Clock
from skerry_keys.signer import Signer
from skerry_wallet.address import address_bytes, address_text, derived_with_seed
from skerry_wallet.cluster import Cluster
from skerry_wallet.confirm import send_and_confirm
from skerry_wallet.errors import ClusterNonsense, InsufficientFunds
from skerry_wallet.programs import (
    MINT_SIZE,
    TOKEN_PROGRAM,
    allocate_with_seed,
    associated_token_address,
    initialize_mint,
    transfer_lamports,
)
from skerry_wallet.transaction import Instruction, signer_key

__all__ = [
    "Token",
    "TokenBalance",
    "TokenNetwork",
    "TokenSpec",
    "create_network",
    "network_tokens",
    "read_mint",
    "token_balances",
]

FEE_LAMPORTS = 5_000  # per signature


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpec:
    """A token to be made; `frozen` tokens (data credits) get a freeze authority, every account of theirs is frozen."""

    name: str
    decimals: int
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that exists."""

    name: str
    mint: str
    decimals: int
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenNetwork:
    """The tokens and the public keys of one network on one cluster."""

    network: str
    genesis_hash: str
    payer: str
    mint_authority: str
    freeze_authority: str
    tokens: Mapping[str, Token]

    def by_mint(self, mint: str) -> Token:
        """Return the token of a mint. Raises `KeyError`."""
        return {token.mint: token for token in self.tokens.values()}[mint]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBalance:
    """An owner's associated token account."""

    account: str
    amount: int
    frozen: bool
    exists: bool


async def create_network(
    cluster: Cluster,
    *,
    network: str,
    tokens: Sequence[TokenSpec],
    payer: Signer,
    mint_authority: Signer,
    freeze_authority: Signer,
    clock: Clock,
) -> TokenNetwork:
    """Create the mints that are missing and return the network. Raises `InsufficientFunds`, `ClusterError`."""
    payer_key, minter, freezer = signer_key(payer), signer_key(mint_authority), signer_key(freeze_authority)
    made = network_tokens(network, tokens, minter)
    existing = await cluster.accounts([token.mint for token in made.values()])
    missing = [
        token
        for token, account in zip(made.values(), existing, strict=True)
        if account is None or account.owner != address_text(TOKEN_PROGRAM)
    ]
    if missing:
        rent = await cluster.minimum_rent_lamports(MINT_SIZE)
        await require_lamports(cluster, payer_key, len(missing) * (rent + 2 * FEE_LAMPORTS))
        for token in missing:
            calls = _creation(
                token, network, payer=payer_key, minter=minter, freezer=freezer if token.frozen else None, rent=rent
            )
            await send_and_confirm(cluster, calls, [payer, mint_authority], clock=clock)
    return TokenNetwork(
        network=network,
        genesis_hash=await cluster.genesis_hash(),
        payer=address_text(payer_key),
        mint_authority=address_text(minter),
        freeze_authority=address_text(freezer),
        tokens=made,
    )


def network_tokens(network: str, specs: Sequence[TokenSpec], mint_authority: bytes) -> dict[str, Token]:
    """Return name -> token of a network, without asking any cluster: the mints' addresses follow from these."""
    return {spec.name: _token(spec, network, mint_authority) for spec in specs}


async def token_balances(cluster: Cluster, mint: str, owners: Sequence[bytes]) -> list[TokenBalance]:
    """Return the associated token accounts of owners for one mint, in the order asked."""
    addresses = [address_text(associated_token_address(owner, address_bytes(mint))) for owner in owners]
    result = []
    for address, account in zip(addresses, await cluster.accounts(addresses), strict=True):
        if account is None or account.owner != address_text(TOKEN_PROGRAM):
            result.append(TokenBalance(account=address, amount=0, frozen=False, exists=False))
            continue
        if len(account.data) < 109:
            raise ClusterNonsense("getMultipleAccounts", f"token account {address} has {len(account.data)} bytes")
        amount, state = int.from_bytes(account.data[64:72], "little"), account.data[108]
        result.append(TokenBalance(account=address, amount=amount, frozen=state == 2, exists=state != 0))
    return result


async def read_mint(cluster: Cluster, mint: str) -> tuple[int, int]:
    """Return supply in base units and decimals. Raises `ClusterNonsense` when there is no such mint."""
    (account,) = await cluster.accounts([mint])
    if account is None or len(account.data) != MINT_SIZE or account.owner != address_text(TOKEN_PROGRAM):
        raise ClusterNonsense("getAccountInfo", f"{mint} is no mint")
    return int.from_bytes(account.data[36:44], "little"), account.data[44]


async def require_lamports(cluster: Cluster, key: bytes, needed: int) -> None:
    """Raise `InsufficientFunds` unless the account can pay and stays rent-exempt."""
    (account,) = await cluster.accounts([address_text(key)])
    floor = needed + await cluster.minimum_rent_lamports(0)
    held = account.lamports if account else 0
    if held < floor:
        raise InsufficientFunds(account=address_text(key), asset="SOL", needed=floor, held=held)


def _token(spec: TokenSpec, network: str, minter: bytes) -> Token:
    address = derived_with_seed(minter, _mint_seed(network, spec.name), TOKEN_PROGRAM)
    return Token(name=spec.name, mint=address_text(address), decimals=spec.decimals, frozen=spec.frozen)


def _mint_seed(network: str, name: str) -> str:
    return hashlib.sha256(b"skerry mint\x00" + network.encode() + b"\x00" + name.encode()).hexdigest()[:32]


def _creation(
    token: Token, network: str, *, payer: bytes, minter: bytes, freezer: bytes | None, rent: int
) -> tuple[Instruction, ...]:
    seed = _mint_seed(network, token.name)
    mint = derived_with_seed(minter, seed, TOKEN_PROGRAM)
    return (
        transfer_lamports(source=payer, target=mint, lamports=rent),
        allocate_with_seed(account=mint, base=minter, seed=seed, size_bytes=MINT_SIZE, owner=TOKEN_PROGRAM),
        initialize_mint(mint=mint, decimals=token.decimals, authority=minter, freeze_authority=freezer),
    )
