"""The broker's settings, and connections that fail."""

from pathlib import Path

import pytest

from skerry_agent.mqtt.broker import Broker, BrokerLost
from skerry_agent.settings import load
from skerry_core.errors import UsageError, UserError


def broker(**flags: str) -> Broker | None:
    named = {f"mqtt.{key}": value for key, value in flags.items()}
    return Broker.from_settings(load(file=None, environ={}, flags=named))


def test_the_usual_ports_are_taken_where_none_is_written() -> None:
    assert broker() is None
    plain, secure = broker(broker="mqtt://home"), broker(broker="mqtts://[fd00::1]:9000/")
    assert plain is not None
    assert secure is not None
    assert (plain.host, plain.port, plain.tls) == ("home", 1883, False)
    assert (secure.host, secure.port, secure.tls) == ("fd00::1", 9000, True)
    assert plain.topic_of("h1", "state") == "skerry/h1/state"


@pytest.mark.parametrize(
    "flags",
    [
        {"broker": "home:1883"},
        {"broker": "http://home"},
        {"broker": "mqtt://"},
        {"broker": "mqtt://home:port"},
        {"broker": "mqtt://home:70000"},
        {"broker": "mqtt://home/topic"},
        {"broker": "mqtt://home", "topic": "skerry/#"},
        {"broker": "mqtt://home", "topic": "/skerry"},
        {"broker": "mqtt://home", "topic": ""},
        {"broker": "mqtt://home", "topic": "öl"},
    ],
)
def test_settings_that_cannot_work_are_refused(flags: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="E_MQTT"):
        broker(**flags)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="E_MQTT") as caught:
        broker(broker="mqtt://me:hunter2@home")
    assert "hunter2" not in str(caught.value)


def test_the_password_comes_from_a_file_and_stays_out_of_sight(tmp_path: Path) -> None:
    file = tmp_path / "p"
    file.write_text("hunter2\n")
    found = broker(broker="mqtt://home", user="me", password_file=str(file))
    assert found is not None
    assert found.password == "hunter2"
    assert "hunter2" not in repr(found)
    with pytest.raises(UsageError, match=r"mqtt\.user"):
        broker(broker="mqtt://home", password_file=str(file))
    file.write_bytes(b"x" * 5000)
    with pytest.raises(UserError, match="E_ALERTS_SECRET"):
        broker(broker="mqtt://home", user="me", password_file=str(file))


async def test_a_broker_that_is_not_there_is_named(unused_tcp_port: int) -> None:
    found = broker(broker=f"mqtt://127.0.0.1:{unused_tcp_port}")
    assert found is not None
    with pytest.raises(BrokerLost, match=rf"127\.0\.0\.1:{unused_tcp_port}: .*refused"):
        async with found.connect(identifier="t"):
            pass


async def test_a_wrong_certificate_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("no certificate")
    found = broker(broker="mqtts://127.0.0.1:1", ca_file=str(tmp_path / "ca"))
    assert found is not None
    with pytest.raises(BrokerLost, match=r"mqtt\.ca_file"):
        async with found.connect(identifier="t"):
            pass
