"""`skerry simulate` with options and names that cannot be meant."""

from socket import socket

import pytest
from click.testing import CliRunner

from skerry_agent.cli.simulate import simulate
from skerry_testing.cli import skerry


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["quectl-rm520"], "did you mean quectel-rm520n?"),
        (["toaster"], "there is no emulator 'toaster'; see skerry simulate --list"),
        (["p1-v5", "--hangs-after", "3"], "--hangs-after goes with rak3172, rn2483, wio-e5 only"),
        (["sunspec-battery", "--port", "80000"], "80000 is not in the range"),
        (["p1-v5", "--port", "8000"], "--port goes with one device that has a network port"),
        (["sunspec-battery", "sunspec-inverter", "--port", "8000"], "--port goes with one device"),
        (["p1-v5", "--server", "127.0.0.1:1"], "--server goes with basic-station and packet-forwarder"),
        (["packet-forwarder", "--server", "x"], "--server takes HOST:PORT"),
        (["wio-e5", "--hangs-after", "-1"], "-1.0 is not in the range x>0"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(arguments: list[str], told: str) -> None:
    ran = CliRunner().invoke(simulate, arguments)
    assert ran.exit_code == 2
    assert told in ran.output


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = skerry(None, "simulate", "sunspec-battery", "--port", str(port), "--json")
    assert (ran.code, ran.json["error"]["code"]) == (5, "E_SIMULATE_PORT")
    assert str(port) in ran.json["error"]["detail"]


def test_the_list_says_how_to_run_them() -> None:
    told = skerry(None, "simulate", "--list").out
    assert "skerry simulate p1-v5" in told
    assert all("name" in one for one in skerry(None, "simulate", "--list", "--json").json)
