"""Pending rewards of a wallet, per hotspot and in total, with reward splits and automation (sheet 1.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from skerry_wallet.helium.claims import upper_median

__all__ = ["HotspotPending", "HotspotRewards", "RewardSplit", "SplitShare", "WalletPending", "wallet_pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitShare:
    """One receiver of a split: percent of what comes, or a fixed amount."""

    wallet: str
    delegate: str
    kind: Literal["share", "fixed"]
    amount: int

    def of(self, gross: int) -> int:
        """Return this share's part of an amount."""
        return min(gross, self.amount) if self.kind == "fixed" else gross * self.amount // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardSplit:
    """A hotspot's reward-split account with its token balance."""

    token_account: str
    balance: int
    shares: tuple[SplitShare, ...]

    def share_of(self, wallet: str) -> SplitShare | None:
        """Return the first share whose wallet or delegate this is."""
        return next((share for share in self.shares if wallet in {share.wallet, share.delegate}), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotRewards:
    """What oracles and chain say of one hotspot; amounts are lifetime base units, None = nothing known."""

    entity_key: str
    asset: str
    oracle_values: tuple[int | None, ...]
    paid: int | None
    split: RewardSplit | None

    @property
    def gross(self) -> int:
        """The unpaid amount before any split."""
        values = [value or 0 for value in self.oracle_values]
        return max(0, upper_median(values) - (self.paid or 0)) if values else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotPending:
    """One hotspot's pending amount and who fetches it."""

    entity_key: str
    total: int
    claimable: int
    automated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletPending:
    """All of a wallet's hotspots; those with nothing pending are left out of the list."""

    total: int
    claimable: int
    automated: int
    by_hotspot: tuple[HotspotPending, ...]


def wallet_pending(wallet: str, hotspots: Sequence[HotspotRewards], *, automation: bool) -> WalletPending:
    """Sum what a wallet will receive; a hotspot counts once per asset, a split's balance once per token account."""
    seen_assets: set[str] = set()
    seen_accounts: set[str] = set()
    rows: list[HotspotPending] = []
    for hotspot in hotspots:
        if hotspot.asset in seen_assets:
            continue
        seen_assets.add(hotspot.asset)
        amount = _amount(wallet, hotspot, seen_accounts)
        if amount:
            automated = amount if automation or hotspot.split is not None else 0
            rows.append(
                HotspotPending(
                    entity_key=hotspot.entity_key, total=amount, claimable=amount - automated, automated=automated
                )
            )
    return WalletPending(
        total=sum(row.total for row in rows),
        claimable=sum(row.claimable for row in rows),
        automated=sum(row.automated for row in rows),
        by_hotspot=tuple(rows),
    )


def _amount(wallet: str, hotspot: HotspotRewards, seen_accounts: set[str]) -> int:
    split = hotspot.split
    if split is None:
        return hotspot.gross
    first_seen = split.token_account not in seen_accounts
    seen_accounts.add(split.token_account)
    share = split.share_of(wallet)
    if share is None:
        return 0
    return share.of(hotspot.gross) + (share.of(split.balance) if first_seen else 0)
