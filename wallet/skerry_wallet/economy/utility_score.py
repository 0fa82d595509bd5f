"""Sub-DAO scores: the product rule until 2025 (HIP-51, HIP-88) and the vote rule since (HIP-141) (sheet 2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["ScoreShares", "UtilityScore", "score_shares", "utility_score", "vote_score"]

_CONTEXT = Context(prec=50)
_DC_PER_USD = 100_000
_BONES_PER_HNT = 10**8
_SCORE_PER_BONE = 10**4  # scores are stored with 12 decimals, veHNT with 8


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityScore:
    """The product rule's factors and score."""

    factor_v: Decimal
    factor_d: Decimal
    factor_a: Decimal
    score: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreShares:
    """Parts of one epoch's emission by score, for display."""

    shares: tuple[float, ...]
    shares_of_emission: tuple[float, ...]
    amounts_hnt: tuple[float, ...]


def utility_score(*, vehnt: Decimal, dc_burned: int, onboarding_fees_usd: Decimal) -> UtilityScore:
    """Return V·D·A: delegated veHNT, square root of the USD burned, fourth root of the USD of fees; each at least 1."""
    one = Decimal(1)
    usd_burned = _CONTEXT.divide(Decimal(dc_burned), Decimal(_DC_PER_USD))
    factor_v = max(one, vehnt)
    factor_d = max(one, _CONTEXT.sqrt(usd_burned))
    factor_a = max(one, _CONTEXT.sqrt(_CONTEXT.sqrt(onboarding_fees_usd)))
    score = _CONTEXT.multiply(_CONTEXT.multiply(factor_v, factor_d), factor_a)
    return UtilityScore(factor_v=factor_v, factor_d=factor_d, factor_a=factor_a, score=score)


def vote_score(vehnt_bones: int) -> int:
    """Return the present score: delegated veHNT alone, with 12 decimals."""
    return vehnt_bones * _SCORE_PER_BONE


def score_shares(scores: Sequence[int], *, hst_percent: int, emission_bones: int) -> ScoreShares:
    """Return each sub-DAO's share, its share of the emission after HST, and that in HNT.

    Raises `EconomyRejected` arithmetic_error when all scores are 0.
    """
    total = sum(scores)
    if total == 0:
        raise EconomyRejected("arithmetic_error", "the total score is 0")
    emission_hnt = emission_bones / _BONES_PER_HNT
    shares = tuple(score / total for score in scores)
    after_hst = tuple(share * (100 - hst_percent) / 100 for share in shares)
    return ScoreShares(
        shares=shares, shares_of_emission=after_hst, amounts_hnt=tuple(part * emission_hnt for part in after_hst)
    )
