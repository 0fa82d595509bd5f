"""Weak and noisy reception is found for as long as it lasts, and nobody's going to bed is taken for it."""

import pytest

from skerry_firmware_bridge.sentinel.normal import MAX_SENDERS, Normal
from skerry_firmware_bridge.sentinel.sentinel import Condition
from skerry_firmware_bridge.sentinel.signal import Heard, SignalWatch
from skerry_testing.radio_life import PLACES, Life


@pytest.mark.parametrize("place", ["village", "suburb", "town"])
def test_an_antenna_that_fell_off_is_told_for_hours_and_not_repaired(place: str) -> None:
    life = Life(PLACES[place], seed=3)
    for _, before in life.live(4):
        assert before.condition is not Condition.WEAK
    life.drop_db = 15.0
    found = [(at_s, judgement) for at_s, judgement in life.live(1) if judgement.condition is Condition.WEAK]
    assert len(found) > 250, "of 720 judgements"
    assert all(judgement.repair is None for _, judgement in found)
    assert "dB weaker than usual: check antenna and cable." in found[0][1].reason


@pytest.mark.parametrize("place", ["suburb", "town"])
def test_a_jammer_is_told_and_not_repaired(place: str) -> None:
    life = Life(PLACES[place], seed=3)
    for _, before in life.live(4):
        assert before.condition is not Condition.NOISY
    life.noise_db = 14.0
    found = [judgement for _, judgement in life.live(0.5) if judgement.condition is Condition.NOISY]
    assert len(found) > 150, "of 360 judgements"
    assert "dB above normal" in found[0].reason
    assert all(judgement.repair is None for judgement in found)


def fed(watch: SignalWatch, *, start_s: int, good: int, bad: int, noise_dbm: float = -110.0) -> None:
    """Hear for an hour and a half."""
    total = good + bad
    for number in range(total):
        at_ns = (start_s + number * 5400 // total) * 10**9
        crc_ok = number % total < good
        watch.take(
            Heard(monotonic_ns=at_ns, wall_ns=at_ns, crc_ok=crc_ok, rssi_dbm=noise_dbm if crc_ok else None, snr_db=-3.0)
        )


def test_broken_frames_are_noise_only_where_good_ones_are_missing() -> None:
    normal = Normal(of_day=dict.fromkeys(range(24), 60.0), frames=1000)
    watch = SignalWatch(normal)
    for hour in range(4):
        fed(watch, start_s=hour * 5400, good=90, bad=6)
    fed(watch, start_s=5 * 5400, good=90, bad=60)
    assert watch.noisy == "", "all the good ones are there"
    for hour in range(6, 9):
        fed(watch, start_s=hour * 5400, good=6, bad=90)
    assert "broken frames came where about" in watch.noisy


def test_a_stranger_who_shouts_is_no_noise() -> None:
    normal = Normal(noise_dbm=-112.0)
    watch = SignalWatch(normal)
    for number in range(200):
        watch.take(Heard(monotonic_ns=number * 60 * 10**9, wall_ns=None, crc_ok=True, rssi_dbm=-30.0, snr_db=11.0))
    assert (watch.noisy, normal.noise_dbm) == ("", -112.0)


def test_one_sender_that_was_moved_is_no_weak_radio_and_senders_are_bounded() -> None:
    normal = Normal()
    watch = SignalWatch(normal)
    for number in range(20_000):
        who = number % 5 if number % 4 else number % 1000
        rssi_dbm = -80.0 if number < 15_000 or who else -110.0
        at_ns = number * 30 * 10**9
        watch.take(
            Heard(monotonic_ns=at_ns, wall_ns=at_ns, crc_ok=True, rssi_dbm=rssi_dbm, snr_db=9.0, sender=f"{who:08x}")
        )
        assert watch.weak == ""
    assert len(normal.senders) <= MAX_SENDERS
    assert {f"{who:08x}" for who in range(5)} <= set(normal.senders)
