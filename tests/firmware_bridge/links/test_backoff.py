"""Pauses grow to a cap and start again; a missing port is looked for every second; flapping is advised on."""

from random import Random

import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links.backoff import PAUSES_S, Backoff, refusal_of
from skerry_simulate.clock import SimulatedClock


class MovedClock(SimulatedClock):
    """A clock that a test moves by hand."""

    now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns


def made() -> tuple[Backoff, MovedClock]:
    clock = MovedClock(start_s=1_790_000_000)
    return Backoff(clock=clock, random=Random(1)), clock


def near(pause_s: float, nominal_s: float) -> bool:
    return nominal_s * 0.8 <= pause_s <= nominal_s * 1.2


def test_pauses_grow_to_the_cap_and_start_again_after_success() -> None:
    backoff, _ = made()
    backoff.failed(LinkLost("pulled"))
    assert all(near(backoff.next_pause_s(), nominal_s) for nominal_s in (*PAUSES_S, PAUSES_S[-1]))
    backoff.worked()
    assert near(backoff.next_pause_s(), PAUSES_S[0])


@pytest.mark.parametrize("code", ["E_PORT_MISSING", "E_MM_NO_MODEM", "E_MM_NOT_RUNNING", "E_MM_NO_DBUS"])
def test_what_is_not_there_costs_no_attempt(code: str) -> None:
    backoff, _ = made()
    for _ in range(20):
        backoff.failed(LinkRefused(code, "It is not there.", remedy="Plug it in."))
        assert near(backoff.next_pause_s(), 1.0)
    backoff.failed()
    assert near(backoff.next_pause_s(), PAUSES_S[0])
    assert near(backoff.next_pause_s(), PAUSES_S[1])


def test_three_losses_in_ten_minutes_are_flapping_until_they_are_old() -> None:
    backoff, clock = made()
    for _ in range(2):
        backoff.lost()
    assert backoff.advised("Lost.") == "Lost."
    backoff.lost()
    assert backoff.advised("Lost.") == "Lost. 3 losses in 10 minutes: check cable and USB power."
    clock.now_ns = 601 * NS_PER_S
    assert not backoff.flapping


@pytest.mark.parametrize("code", ["E_PORT_MISSING", "E_PORT_UNREACHABLE", "E_PORT_TIMEOUT", "E_MODBUS_CONNECT"])
def test_a_device_that_is_not_there_is_no_refusal_for_a_person_to_mend(code: str) -> None:
    assert refusal_of(LinkRefused(code, "It is gone.", remedy="Switch it on.")) == ""
    assert refusal_of(LinkRefused("E_PORT_PERMISSION", "No.", remedy="Run: x")) == "E_PORT_PERMISSION"
