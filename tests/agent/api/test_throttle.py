from skerry_agent.api.throttle import MAX_KEYS, Throttle
from skerry_core.clock import NS_PER_S


def test_a_few_failures_are_free_and_then_the_delay_doubles_up_to_a_cap() -> None:
    throttle = Throttle()
    waits = []
    now = 0
    for _ in range(20):
        throttle.failed("a", now)
        waits.append(throttle.wait_s("a", now))
        now += waits[-1] * NS_PER_S
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300]


def test_another_key_is_never_slowed_down() -> None:
    throttle = Throttle()
    for _ in range(50):
        throttle.failed("a", 0)
    assert throttle.wait_s("b", 0) == 0


def test_success_and_time_forgive() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed("a", 0)
        throttle.failed("b", 0)
    throttle.succeeded("a")
    assert throttle.wait_s("a", 0) == 0
    later = 4000 * NS_PER_S
    assert throttle.wait_s("b", later) == 0
    throttle.failed("b", later)
    assert throttle.wait_s("b", later) == 0


def test_part_of_a_second_is_rounded_up() -> None:
    throttle = Throttle()
    for _ in range(6):
        throttle.failed("a", 0)
    assert throttle.wait_s("a", NS_PER_S - 1) == 1
    assert throttle.wait_s("a", NS_PER_S) == 0


def test_many_addresses_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(MAX_KEYS * 2):
        throttle.failed(str(number), 0)
    assert len(throttle._records) == MAX_KEYS
