"""What SunSpec models say about energy, in whole watts and watt-hours, whichever of the model families a device has.

Counters are the device's own: those of 32 bits (models 101-103, 201-204) start again at zero, at the values
`produced_wraps_wh` and `energy_wraps_wh`. A counter of zero has counted nothing yet and is None.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.meter.energy import to_int
from skerry_firmware_bridge.sunspec.blocks import Model

__all__ = ["ENERGY_MODELS", "common_values", "energy_values"]

COMMON = 1
INVERTERS = frozenset({101, 102, 103, 111, 112, 113})
METERS = frozenset({201, 202, 203, 204, 211, 212, 213, 214})
MPPT, DER_AC, DER_CAPACITY, STORAGE, DER_DC, BATTERY = 160, 701, 702, 713, 714, 802
ENERGY_MODELS = INVERTERS | METERS | {MPPT, DER_AC, DER_CAPACITY, STORAGE, DER_DC, BATTERY}
INVERTER_STATES = (None, "off", "sleeping", "starting", "mppt", "throttled", "shutting_down", "fault", "standby")
DER_STATES = ("off", "sleeping", "starting", "running", "throttled", "shutting_down", "fault", "standby")

Points = Mapping[str, Any]


def common_values(models: Iterable[Model]) -> Values:
    """Return maker, model, firmware and serial number of the common model, without the blanks that some pad with."""
    points = next((model.points or {} for model in models if model.id == COMMON), {})
    names = (("maker", "Mn"), ("model", "Md"), ("firmware", "Vr"), ("serial", "SN"))
    return {name: str(points.get(key) or "").strip() or None for name, key in names}


def energy_values(models: Iterable[Model]) -> Values:
    """Return the readings of all models that speak of energy. Produced and consumed keep the device's own direction.

    `power_w`: an inverter's output, or a meter's W as the installer wired it; swapping is the user's decision.
    """
    values: Values = {}
    for model in models:
        if model.points is not None:
            found = _values(model.id, model.points, model.wraps)
            values |= {name: value for name, value in found.items() if values.get(name) is None}
    return values


def _values(model_id: int, points: Points, wraps: Mapping[str, Decimal]) -> Values:
    if model_id in INVERTERS:
        return _inverter(points) | {"produced_wraps_wh": _int(wraps, "WH")}
    if model_id in METERS:
        return _meter(points) | {"energy_wraps_wh": _int(wraps, "TotWhImp")}
    match model_id:
        case 160:
            return {"strings": len(points.get("module", ())), "strings_power_w": _sum(points.get("module", ()), "DCW")}
        case 701:
            return _der_ac(points)
        case 702:
            return {"rated_power_w": _int(points, "WMaxRtg"), "max_power_w": _int(points, "WMax")}
        case 713:
            return _storage(points, capacity="WHRtg") | {"available_wh": _int(points, "WHAvail")}
        case 714:
            return {
                "dc_power_w": _int(points, "DCW"),
                "dc_produced_wh": _int(points, "DCWhInj"),
                "dc_consumed_wh": _int(points, "DCWhAbs"),
                "dc_ports": len(points.get("Prt", ())),
            }
        case 802:
            return _storage(points, capacity="WHRtg") | {"battery_power_w": _int(points, "W")}
    return {}


def _inverter(points: Points) -> Values:
    state = points.get("St")
    return {
        "power_w": _int(points, "W"),
        "produced_wh": _int(points, "WH"),
        "frequency_millihz": _int(points, "Hz", 1000),
        "voltage_mv": _int(points, "PhVphA", 1000),
        "cabinet_temperature_c": _float(points, "TmpCab"),
        "state": INVERTER_STATES[state] if isinstance(state, int) and state < len(INVERTER_STATES) else None,
    }


def _meter(points: Points) -> Values:
    return {
        "power_w": _int(points, "W"),
        "exported_wh": _int(points, "TotWhExp"),
        "imported_wh": _int(points, "TotWhImp"),
        "frequency_millihz": _int(points, "Hz", 1000),
    }


def _der_ac(points: Points) -> Values:
    state = points.get("InvSt")
    return {
        "power_w": _int(points, "W"),
        "produced_wh": _int(points, "TotWhInj"),
        "consumed_wh": _int(points, "TotWhAbs"),
        "frequency_millihz": _int(points, "Hz", 1000),
        "state": DER_STATES[state] if isinstance(state, int) and state < len(DER_STATES) else None,
    }


def _storage(points: Points, *, capacity: str) -> Values:
    return {
        "capacity_wh": _int(points, capacity),
        "charge_pct": _float(points, "SoC"),
        "health_pct": _float(points, "SoH"),
    }


def _int(points: Points, name: str, factor: int = 1) -> int | None:
    value = points.get(name)
    return to_int(value, factor) if isinstance(value, Decimal | float) else None


def _float(points: Points, name: str) -> float | None:
    value = points.get(name)
    return float(value) if isinstance(value, Decimal | float) else None


def _sum(groups: Iterable[Points], name: str) -> int | None:
    known = [value for value in (_int(group, name) for group in groups) if value is not None]
    return sum(known) if known else None
