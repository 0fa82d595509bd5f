"""The faults of `skerry simulate helium-hotspot --faults`."""

import pytest

from skerry_core.errors import UsageError
from skerry_simulate.devices.ble_faults import BleFaults, parse_ble_faults


def test_counts_spans_and_flags_are_read() -> None:
    read = parse_ble_faults("abort=2, slow_services_s=0.5,notify_loss,off=0")
    assert read == BleFaults(abort=2, slow_services_s=0.5, notify_loss=True, off=False)
    assert parse_ble_faults("") == BleFaults()
    assert isinstance(read.abort, int)


@pytest.mark.parametrize("text", ["loss=0.2", "abort=two", "mtu=inf", "=1"])
def test_anything_else_names_what_there_is(text: str) -> None:
    with pytest.raises(UsageError, match="E_FAULT") as raised:
        parse_ble_faults(text)
    assert "notify_loss" in raised.value.remedy


def test_a_packet_smaller_than_bluetooth_allows_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 23"):
        parse_ble_faults("mtu=10")
