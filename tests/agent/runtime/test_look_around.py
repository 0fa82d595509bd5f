"""A scan knows which ports the running agent uses, however their devices name them."""

import pytest

from skerry_agent.runtime.look_around import known_devices


@pytest.mark.parametrize(
    ("device_id", "kind", "place"),
    [
        ("modem:/dev/ttyUSB2", "modem", "/dev/ttyUSB2"),
        ("modem:serial:/dev/ttyUSB2", "modem", "/dev/ttyUSB2"),
        ("sunspec:modbus-rtu:///dev/ttyUSB1,unit=3", "sunspec", "/dev/ttyUSB1"),
        ("sunspec:modbus-tcp://192.0.2.7:502", "sunspec", "modbus-tcp://192.0.2.7:502"),
        ("gwmp:aa555a0000000001", "gwmp", "aa555a0000000001"),
    ],
)
def test_a_device_is_known_by_the_port_that_it_holds(device_id: str, kind: str, place: str) -> None:
    (known,) = known_devices([(device_id, {"model": "M1", "poll_s": 2})])
    assert (known.device_id, known.kind, known.place) == (device_id, kind, place)
    assert known.identity == {"model": "M1"}
