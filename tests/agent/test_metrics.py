import pytest

from skerry_agent.metrics import NAMES, Metrics


def test_the_text_form_is_what_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.count("skerry_uplinks_total", device='a"\\\nb', network="lns", outcome="sent")
    metrics.count("skerry_uplinks_total", 2, device='a"\\\nb', network="lns", outcome="sent")
    metrics.set("skerry_uptime_seconds", 1.5)
    for rssi in (-131, -125, -59, -60):
        metrics.observe("skerry_uplink_rssi_dbm", rssi)
    text = metrics.text()
    assert 'skerry_uplinks_total{device="a\\"\\\\\\nb",network="lns",outcome="sent"} 3\n' in text
    assert "# TYPE skerry_uptime_seconds gauge\nskerry_uptime_seconds 1.5\n" in text
    assert 'skerry_uplink_rssi_dbm_bucket{le="-130"} 1\n' in text
    assert 'skerry_uplink_rssi_dbm_bucket{le="-120"} 2\n' in text
    assert 'skerry_uplink_rssi_dbm_bucket{le="-60"} 3\n' in text
    assert 'skerry_uplink_rssi_dbm_bucket{le="+Inf"} 4\nskerry_uplink_rssi_dbm_sum -375\n' in text


def test_an_unknown_gauge_is_absent_and_never_zero() -> None:
    metrics = Metrics()
    metrics.set("skerry_device_up", 1, device="d")
    metrics.set("skerry_device_up", None, device="d")
    assert "skerry_device_up" not in metrics.text()
    assert metrics.value("skerry_device_up", device="d") is None


def test_a_total_kept_elsewhere_is_taken_over() -> None:
    metrics = Metrics()
    metrics.set_counter("skerry_beacons_total", 7, outcome="valid")
    assert 'skerry_beacons_total{outcome="valid"} 7\n' in metrics.text()


def test_a_wrong_name_kind_or_label_is_our_own_mistake() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError):
        metrics.count("skerry_unknown_total")
    with pytest.raises(KeyError):
        metrics.count("skerry_uptime_seconds")
    with pytest.raises(KeyError):
        metrics.count("skerry_beacons_total", device="d")


def test_series_are_bounded() -> None:
    metrics = Metrics()
    for number in range(5000):
        metrics.count("skerry_beacons_total", outcome=str(number))
    assert metrics.text().count("skerry_beacons_total{") == 2000


def test_names_follow_the_rules_of_prometheus() -> None:
    for name, metric in NAMES.items():
        assert name.startswith("skerry_")
        assert (metric.kind == "counter") == name.endswith("_total")


def test_a_device_that_is_gone_leaves_no_series() -> None:
    metrics = Metrics()
    for device in ("d", "e"):
        metrics.set("skerry_device_up", 1, device=device)
        metrics.count("skerry_uplinks_total", device=device, network="d", outcome="sent")
    metrics.set("skerry_link_up", 1, network="d")
    metrics.forget_device("d")
    assert 'device="d"' not in metrics.text()
    assert metrics.text().count('device="e"') == 2
    assert metrics.value("skerry_link_up", network="d") == 1
