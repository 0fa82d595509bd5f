"""Counters, gauges and histograms in Prometheus' text form. Names are declared once, here (peers-features 3.7).

Small on purpose: the usual client library costs a Pi 13 MB and 46 ms at start.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["NAMES", "Metric", "Metrics"]

MAX_SERIES = 2000  # per metric; labels are bounded by design, this guards against a mistake
RSSI_BUCKETS_DBM = (-130.0, -120.0, -110.0, -100.0, -90.0, -80.0, -60.0)
SNR_BUCKETS_DB = (-20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One declared metric; a histogram has bucket limits."""

    kind: str
    doc: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _counter(doc: str, *labels: str) -> Metric:
    return Metric(kind="counter", doc=doc, labels=labels)


def _gauge(doc: str, *labels: str) -> Metric:
    return Metric(kind="gauge", doc=doc, labels=labels)


NAMES: Mapping[str, Metric] = {
    "skerry_build_info": _gauge("Version of the program; always 1.", "version"),
    "skerry_uptime_seconds": _gauge("Seconds since the agent started."),
    "skerry_device_up": _gauge("1 when the device works, 0 when not; absent when unknown.", "device"),
    "skerry_device_last_frame_timestamp_seconds": _gauge("Unix time of the last frame.", "device"),
    "skerry_link_up": _gauge("1 when the network answers, 0 when not; absent when unknown.", "network"),
    "skerry_link_reconnects_total": _counter("Times a network's link was made again.", "network"),
    "skerry_uplinks_total": _counter("Frames by what became of them.", "device", "network", "outcome"),
    "skerry_downlinks_total": _counter("Frames to send by what became of them.", "device", "outcome"),
    "skerry_uplink_rssi_dbm": Metric(kind="histogram", doc="Signal strength of frames.", buckets=RSSI_BUCKETS_DBM),
    "skerry_uplink_snr_db": Metric(kind="histogram", doc="Signal-to-noise ratio of frames.", buckets=SNR_BUCKETS_DB),
    "skerry_rx_crc_errors_total": _counter("Frames with a wrong checksum.", "device"),
    "skerry_airtime_seconds_total": _counter("Time on air.", "device", "band"),
    "skerry_duty_cycle_ratio": _gauge("Share of the allowed time on air that is used.", "device", "band"),
    "skerry_queue_depth": _gauge("Messages waiting.", "queue"),
    "skerry_queue_dropped_total": _counter("Messages dropped.", "queue", "reason"),
    "skerry_beacons_total": _counter("Beacons by outcome.", "outcome"),
    "skerry_witnesses_total": _counter("Witness reports by verdict and reason.", "verdict", "reason"),
    "skerry_last_beacon_timestamp_seconds": _gauge("Unix time of the last beacon."),
    "skerry_rewards_pending": _gauge("Rewards not yet paid, in base units.", "network", "token"),
    "skerry_balance": _gauge("Balance in base units.", "token"),
    "skerry_clock_offset_seconds": _gauge("Offset of the system clock."),
    "skerry_disk_free_bytes": _gauge("Free space where the databases are."),
    "skerry_cpu_temperature_celsius": _gauge("Temperature of the processor."),
    "skerry_api_requests_total": _counter("API requests.", "route", "code"),
    "skerry_auth_failures_total": _counter("API requests refused for a missing or wrong token."),
}


@dataclass(slots=True)
class _Histogram:
    counts: list[int]
    total: float = 0.0


@dataclass(slots=True)
class Metrics:
    """The values of one agent; unknown names and labels are our own mistakes and raise `KeyError`."""

    _values: dict[str, dict[tuple[str, ...], float]] = field(default_factory=dict)
    _histograms: dict[str, _Histogram] = field(default_factory=dict)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        series = self._values.setdefault(name, {})
        key = _key(name, labels, "counter")
        if key in series or len(series) < MAX_SERIES:
            series[key] = series.get(key, 0) + amount

    def set(self, name: str, value: float | None, **labels: str) -> None:
        """Set a gauge; None removes it, which means unknown."""
        series = self._values.setdefault(name, {})
        key = _key(name, labels, "gauge")
        if value is None:
            series.pop(key, None)
        elif key in series or len(series) < MAX_SERIES:
            series[key] = value

    def set_counter(self, name: str, total: float, **labels: str) -> None:
        """Set a counter to a total that is kept elsewhere, such as in a table."""
        self._values.setdefault(name, {})[_key(name, labels, "counter")] = total

    def forget_device(self, device_id: str) -> None:
        """Drop the series of a device that is there no more."""
        for name, series in self._values.items():
            if "device" in NAMES[name].labels:
                place = NAMES[name].labels.index("device")
                for key in [key for key in series if key[place] == device_id]:
                    del series[key]

    def observe(self, name: str, value: float) -> None:
        """Add a value to a histogram."""
        buckets = NAMES[name].buckets
        histogram = self._histograms.setdefault(name, _Histogram([0] * (len(buckets) + 1)))
        histogram.counts[bisect_left(buckets, value)] += 1
        histogram.total += value

    def value(self, name: str, **labels: str) -> float | None:
        """Return a counter's or gauge's value, None when it has none."""
        return self._values.get(name, {}).get(_key(name, labels, NAMES[name].kind))

    def text(self) -> str:
        """Return every metric that has a value in Prometheus' text form 0.0.4."""
        lines: list[str] = []
        for name, metric in NAMES.items():
            samples = list(self._samples(name, metric))
            if samples:
                lines += [f"# HELP {name} {metric.doc}", f"# TYPE {name} {metric.kind}", *samples]
        return "\n".join(lines) + "\n"

    def _samples(self, name: str, metric: Metric) -> Iterable[str]:
        for key, value in sorted(self._values.get(name, {}).items()):
            yield f"{name}{_labels(zip(metric.labels, key, strict=True))} {_number(value)}"
        histogram = self._histograms.get(name)
        if histogram is None:
            return
        cumulative = 0
        for limit, count in zip([*map(_number, metric.buckets), "+Inf"], histogram.counts, strict=True):
            cumulative += count
            yield f"{name}_bucket{_labels([('le', limit)])} {cumulative}"
        yield f"{name}_sum {_number(histogram.total)}"
        yield f"{name}_count {cumulative}"


def _key(name: str, labels: Mapping[str, str], kind: str) -> tuple[str, ...]:
    metric = NAMES[name]
    if metric.kind != kind or labels.keys() != set(metric.labels):
        raise KeyError(f"{name} is a {metric.kind} with labels {metric.labels}")
    return tuple(labels[label] for label in metric.labels)


_ESCAPES = {0x5C: "\\\\", 0x22: '\\"', 0x0A: "\\n"}


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    escaped = [f'{label}="{value.translate(_ESCAPES)}"' for label, value in pairs]
    return "{" + ",".join(escaped) + "}" if escaped else ""


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
