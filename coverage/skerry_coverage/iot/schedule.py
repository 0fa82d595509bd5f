"""When the next beacon is due; the beaconer asks at every accepted region-parameters response (iot-poc 1.5)."""

from collections.abc import Callable

__all__ = ["next_beacon_time_s", "segment_s"]


def segment_s(time_s: int, interval_s: int) -> int:
    """Return the start of the interval, counted from the Unix epoch, that a time lies in."""
    return time_s - time_s % interval_s


def next_beacon_time_s(*, now_s: int, previous_s: int | None, interval_s: int, draw_below: Callable[[int], int]) -> int:
    """Return the next beacon's Unix time.

    `now_s` is the timestamp of the region-parameters response, not the local clock; `previous_s` the planned or last
    beacon; `draw_below(n)` a uniform integer in [0, n).
    """
    start = segment_s(now_s, interval_s)
    if previous_s is None:
        previous_s = start + draw_below(interval_s)
    if previous_s > now_s:
        return previous_s
    if segment_s(previous_s, interval_s) == start:
        return start + interval_s + draw_below(interval_s)
    return now_s + draw_below(start + interval_s - now_s)
