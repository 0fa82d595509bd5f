"""Conformance kinds of the coverage rules (KINDS-iot): `KINDS` is what `skerry conformance` collects."""

from skerry_core.conformance import Kind
from skerry_coverage.conformance import iot_building, iot_checks, iot_rewards, iot_scenarios, lorawan, region

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {
    **iot_building.KINDS,
    **iot_checks.KINDS,
    **iot_rewards.KINDS,
    **iot_scenarios.KINDS,
    **lorawan.KINDS,
    **region.KINDS,
}
