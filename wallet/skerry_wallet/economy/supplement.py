"""The HIP-149 supplement per sub-DAO pass: flat for 360 days, then linear to zero over 720 (sheet 2.5)."""

__all__ = ["council_cut", "supplement_at", "supplement_sum"]

_FULL_BONES = 9_800_000_000_000  # 98,000 HNT
_START_S = 1_785_931_200  # 2026-08-05T12:00:00Z
_FLAT_END_S = _START_S + 360 * 86_400
_RAMP_S = 720 * 86_400
_COUNCIL_BASIS_POINTS = 125


def supplement_at(now_s: int) -> int:
    """Return the bones minted by one pass at a Unix time; sized by the wall clock, 0 outside the programme."""
    end_s = _FLAT_END_S + _RAMP_S
    if not _START_S <= now_s < end_s:
        return 0
    if now_s < _FLAT_END_S:
        return _FULL_BONES
    return _FULL_BONES * (end_s - now_s) // _RAMP_S


def council_cut(amount: int) -> tuple[int, int]:
    """Return the council's part and the vault's part of an amount."""
    council = amount * _COUNCIL_BASIS_POINTS // 10_000
    return council, amount - council


def supplement_sum(*, first_s: int, step_s: int, count: int, passes: int) -> int:
    """Return what `passes` passes at each of `count` moments mint together."""
    return passes * sum(supplement_at(first_s + number * step_s) for number in range(count))
