"""HIP-15 reward units: what one beacon and one witness report are worth before density (iot-poc 4.5)."""

from decimal import Decimal
from functools import cache

from skerry_coverage.iot.exact import EXACT, half_even

__all__ = ["UNIT_PLACES", "RewardUnits", "reward_units"]

UNIT_PLACES = 4
_TARGET_WITNESSES = 4  # N of HIP-15
_DECAY = Decimal("0.8")
_CAP = Decimal(2)

RewardUnits = tuple[Decimal, Decimal]  # (beaconer, each selected witness)


@cache
def reward_units(selected: int) -> RewardUnits:
    """Return the beaconer's unit and that of each selected witness, four places, half-even."""
    if selected < 0:
        raise ValueError(f"a number of witnesses is not negative, got {selected}")
    if selected == 0:
        return Decimal("0.0000"), Decimal("0.0000")
    if selected <= _TARGET_WITNESSES:
        beaconer, witness = EXACT.divide(Decimal(selected), Decimal(_TARGET_WITNESSES)), Decimal(1)
    else:
        decayed = EXACT.power(_DECAY, selected - _TARGET_WITNESSES)
        beaconer = min(_CAP, EXACT.subtract(_CAP, decayed))
        shared = EXACT.subtract(Decimal(_TARGET_WITNESSES), EXACT.subtract(Decimal(1), decayed))
        witness = min(_CAP, EXACT.divide(shared, Decimal(selected)))
    return half_even(beaconer, UNIT_PLACES), half_even(witness, UNIT_PLACES)
