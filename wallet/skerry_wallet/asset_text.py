"""Amounts as people read them: whole units with the asset's name where it is known, else base units of the mint."""

from collections.abc import Mapping

from skerry_wallet.helium.amounts import format_amount
from skerry_wallet.helium.constants import DECIMALS, MINTS
from skerry_wallet.tokens import Token

__all__ = ["amount_text", "asset_name"]

SOL_DECIMALS = 9
_KNOWN = {"SOL": ("SOL", SOL_DECIMALS)} | {mint: (name.upper(), DECIMALS[name]) for name, mint in MINTS.items()}


def amount_text(asset: str, units: int, tokens: Mapping[str, Token] | None = None) -> str:
    """Return `0.5 SOL`; `asset` is `SOL` or a mint, `tokens` are a network's own by mint."""
    name, decimals = _name(asset, tokens)
    return f"{units} base units of {asset}" if decimals is None else f"{format_amount(units, decimals)} {name}"


def asset_name(asset: str, tokens: Mapping[str, Token] | None = None) -> str:
    """Return the name of `SOL` or of a mint, the mint itself where it is not known."""
    return _name(asset, tokens)[0]


def _name(asset: str, tokens: Mapping[str, Token] | None) -> tuple[str, int | None]:
    if tokens and asset in tokens:
        return tokens[asset].name, tokens[asset].decimals
    return _KNOWN.get(asset, (asset, None))
