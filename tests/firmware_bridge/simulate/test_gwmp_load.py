"""The load generator measures both ways of reading the socket; how fast they are is no matter of a test."""

from skerry_simulate.gwmp_load import compare


def test_both_ways_of_reading_acknowledge_datagrams() -> None:
    rates = compare(0.2)
    assert set(rates) == {
        "drain_loop_per_s",
        "drain_loop_per_cpu_s",
        "datagram_protocol_per_s",
        "datagram_protocol_per_cpu_s",
        "ratio",
        "ratio_cpu",
    }
    assert all(rate > 0 for rate in rates.values())
