"""What `skerry simulate --faults` says about a fault that it cannot play."""

import pytest

from skerry_core.errors import UsageError
from skerry_simulate.devices.firmware import parse_faults


def test_a_wrong_number_is_told_apart_from_a_wrong_name() -> None:
    with pytest.raises(UsageError, match="'5' cannot be the number of the fault loss"):
        parse_faults("loss=5")
    with pytest.raises(UsageError, match=r"'los=0\.1' is no fault"):
        parse_faults("los=0.1")


def test_a_share_needs_its_number_and_a_flag_none() -> None:
    assert parse_faults("stuck").stuck
    with pytest.raises(UsageError, match="the fault loss"):
        parse_faults("loss")
