"""Notices when a device's energy counters begin anew: another meter in its place, a rollover, a step back; pure.

`supervise` shows it every reading and tells what it remarks; it outlives links and sessions, not the agent.
"""

from skerry_firmware_bridge.device import Values

__all__ = ["CounterWatch"]

COUNTERS = {  # and what tells where they start again at zero
    "imported_wh": "energy_wraps_wh",
    "exported_wh": "energy_wraps_wh",
    "produced_wh": "produced_wraps_wh",
    "consumed_wh": "",
}
NEAR_PCT = 1  # of its range: so near its end, and then its beginning, is a counter that has rolled over
COARSEST_WH = 10_000  # a device may change its scale factor between two readings, and round


class CounterWatch:
    """One device's counters and meter number, as they were read last."""

    def __init__(self) -> None:
        self._meter_id: str | None = None
        self._counters: dict[str, int] = {}

    def see(self, values: Values) -> list[tuple[str, str]]:
        """Return code and sentence of what is remarkable: meter_changed, counter_rollover, counter_back."""
        remarks = []
        meter_id = values.get("meter_id")
        if isinstance(meter_id, str):
            if self._meter_id not in (None, meter_id):
                self._counters.clear()
                what = f"Meter {meter_id} answers in place of {self._meter_id}: from here on the counters are its own."
                remarks.append(("meter_changed", what))
            self._meter_id = meter_id
        for name, wraps_at in COUNTERS.items():
            now = values.get(name)
            if isinstance(now, int) and (remark := self._compare(name, now, values.get(wraps_at))):
                remarks.append(remark)
        return remarks

    def _compare(self, name: str, now: int, told_range: object) -> tuple[str, str] | None:
        before = self._counters.get(name, now)
        if 0 < before - now < max(_grain(before), _grain(now)):
            return None  # rounded otherwise; the finer value stays the one to compare with
        self._counters[name] = now
        if now >= before:
            return None
        span = told_range if isinstance(told_range, int) and told_range > before else 10 ** len(str(before))
        if (span - before) * 100 <= span * NEAR_PCT and now * 100 <= span * NEAR_PCT:
            return "counter_rollover", f"{name} has begun again at zero: {before} Wh before, {now} Wh now."
        return (
            "counter_back",
            f"{name} went back from {before} to {now} Wh: the meter was set back or exchanged, or says it wrongly. "
            "Energy is counted anew from here.",
        )


def _grain(value: int) -> int:
    """Return the power of ten that a value is a multiple of."""
    grain = 1
    while value and grain < COARSEST_WH and value % (10 * grain) == 0:
        grain *= 10
    return grain
