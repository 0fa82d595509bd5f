"""The load generator measures each server; how fast they are is no matter of a test."""

import pytest

from skerry_simulate.gwmp_load import PEERS, measure


@pytest.mark.parametrize("server", ["skerry", *PEERS])
def test_each_server_acknowledges_datagrams(server: str) -> None:
    rate = measure(server, 0.2)
    assert rate.per_s > 0
    assert rate.per_cpu_s > 0
