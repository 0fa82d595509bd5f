"""Conformance kinds of the families `wallet` and `economy` (KINDS-wallet.md); thin adapters over the rules."""

from skerry_core.conformance import Kind
from skerry_wallet.conformance import chain_codecs, economy, history, key_forms, rewards, transactions

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {
    **chain_codecs.KINDS,
    **economy.KINDS,
    **history.KINDS,
    **key_forms.KINDS,
    **rewards.KINDS,
    **transactions.KINDS,
}
