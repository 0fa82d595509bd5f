"""Scheduled emission: the on-chain schedule files and the yearly rule of HIP-20 (sheet 2.1, 2.4)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from skerry_wallet.economy.epochs import start_of
from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["SCHEDULES", "Hip20Year", "ScheduleItem", "emission_at", "epoch_emission", "hip20_year"]


@dataclass(frozen=True, slots=True)
class ScheduleItem:
    """From `start_s` on, `per_epoch` base units (or percent, for `hst`) are due per epoch."""

    start_s: int
    per_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hip20Year:
    """A year from August 1 under HIP-20; amounts in bones."""

    days: int
    year_bones: int
    per_epoch_bones: int
    cumulative_bones: int


# The second after midnight makes the epoch that begins on that day the first with the new rate.
_JAN_2024, _AUG_2024, _AUG_2025, _AUG_2027 = 1_704_672_001, 1_722_470_401, 1_754_006_401, 1_817_078_401

SCHEDULES: dict[str, tuple[ScheduleItem, ...]] = {
    "hnt": (
        ScheduleItem(1_690_934_400, 8_219_178_082_192),
        ScheduleItem(1_691_020_800, 4_098_360_655_738),
        ScheduleItem(_AUG_2024, 4_109_589_041_096),
        ScheduleItem(_AUG_2025, 2_054_794_520_548),
    ),
    "iot": (
        ScheduleItem(_JAN_2024, 88_797_814_207_650),
        ScheduleItem(_AUG_2024, 89_041_095_890_411),
        ScheduleItem(_AUG_2025, 44_520_547_945_206),
        ScheduleItem(_AUG_2027, 22_199_453_551_913),
    ),
    "mobile": (
        ScheduleItem(_JAN_2024, 81_967_213_114_754),
        ScheduleItem(_AUG_2024, 82_191_780_821_918),
        ScheduleItem(_AUG_2025, 41_095_890_410_959),
        ScheduleItem(_AUG_2027, 20_491_803_278_689),
    ),
    "hst": (ScheduleItem(_AUG_2024, 30), ScheduleItem(1_738_022_401, 0)),
}

_FIRST_YEAR = 2019
_FIRST_YEAR_BONES = 60_000_000 * 10**8


def emission_at(token: str, time_s: int) -> int | None:
    """Return what the last schedule item starting at or before a time says; None before the first.

    Raises `EconomyRejected` unknown_token.
    """
    if token not in SCHEDULES:
        raise EconomyRejected("unknown_token", token)
    started = [item.per_epoch for item in SCHEDULES[token] if item.start_s <= time_s]
    return started[-1] if started else None


def epoch_emission(token: str, epoch: int) -> int | None:
    """Return the emission of an epoch, looked up at its end as the program does."""
    return emission_at(token, start_of(epoch + 1))


def hip20_year(year: int) -> Hip20Year:
    """Return the year starting on August 1: 60 million HNT in 2019, halved every two years; per epoch half up."""
    days = (_august_first(year + 1) - _august_first(year)).days
    amount = _year_bones(year)
    return Hip20Year(
        days=days,
        year_bones=amount,
        per_epoch_bones=(2 * amount + days) // (2 * days),
        cumulative_bones=sum(_year_bones(earlier) for earlier in range(_FIRST_YEAR, year + 1)),
    )


def _year_bones(year: int) -> int:
    return _FIRST_YEAR_BONES >> ((year - _FIRST_YEAR) // 2) if year >= _FIRST_YEAR else 0


def _august_first(year: int) -> datetime:
    return datetime(year, 8, 1, tzinfo=UTC)
