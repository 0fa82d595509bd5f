"""Gateways that nobody has named: few at once, not too many altogether, and those that stayed keep their place."""

from skerry_firmware_bridge.guests import MAX_GUESTS, MEET_EVERY_NS, NEWCOMERS, SETTLED_NS, Guests

NAMED, OWN = b"named...", b"settled."


def invented(number: int) -> bytes:
    return number.to_bytes(8, "big")


def visit(guests: Guests, eui: bytes, *, at_ns: int, stays_ns: int = 0) -> bytes | None:
    """Let one in, and let it go again."""
    assert guests.may_come(eui, now_ns=at_ns)
    forgotten = guests.came(eui, now_ns=at_ns)
    guests.went(eui, now_ns=at_ns + stays_ns)
    return forgotten


def test_a_few_may_come_at_once_and_then_one_a_minute() -> None:
    guests = Guests()
    for number in range(NEWCOMERS):
        visit(guests, invented(number), at_ns=0)
    assert not guests.may_come(invented(99), now_ns=MEET_EVERY_NS - 1)
    visit(guests, invented(99), at_ns=MEET_EVERY_NS)
    assert not guests.may_come(invented(98), now_ns=MEET_EVERY_NS)


def test_who_is_named_always_comes_in_and_is_never_forgotten() -> None:
    guests = Guests(named={NAMED})
    for number in range(NEWCOMERS):
        visit(guests, invented(number), at_ns=0)
    for _ in range(3):
        assert visit(guests, NAMED, at_ns=0) is None
    assert guests.is_known(NAMED, now_ns=0)
    forgotten = {visit(guests, invented(number), at_ns=number * MEET_EVERY_NS) for number in range(1, 3 * MAX_GUESTS)}
    assert NAMED not in forgotten


def test_a_guest_that_stayed_for_an_hour_comes_back_in_the_middle_of_a_flood() -> None:
    guests = Guests()
    visit(guests, OWN, at_ns=0, stays_ns=SETTLED_NS // 2)
    assert not guests.is_known(OWN, now_ns=SETTLED_NS)
    visit(guests, OWN, at_ns=SETTLED_NS, stays_ns=SETTLED_NS // 2)
    now_ns = 2 * SETTLED_NS
    assert guests.is_known(OWN, now_ns=now_ns)
    for number in range(3 * MAX_GUESTS):
        now_ns += MEET_EVERY_NS
        assert visit(guests, invented(number), at_ns=now_ns) != OWN
    while guests.may_come(invented(9999), now_ns=now_ns):
        guests.came(invented(9999), now_ns=now_ns)
    assert guests.may_come(OWN, now_ns=now_ns)
    assert guests.came(OWN, now_ns=now_ns) is None
    assert not guests.may_come(invented(9998), now_ns=now_ns)  # it cost them nothing


def test_the_shortest_visit_gives_way_first_and_nobody_who_is_here() -> None:
    guests = Guests()
    for number in range(MAX_GUESTS):
        guests.came(invented(number), now_ns=number * MEET_EVERY_NS)
    now_ns = MAX_GUESTS * MEET_EVERY_NS + SETTLED_NS
    assert not guests.may_come(b"new.....", now_ns=now_ns)  # all are here
    for number in (3, MAX_GUESTS - 2, MAX_GUESTS - 1):
        guests.went(invented(number), now_ns=MAX_GUESTS * MEET_EVERY_NS)
    assert not guests.may_come(b"new.....", now_ns=now_ns)  # that nobody gives way was looked at just now
    now_ns += MEET_EVERY_NS
    assert guests.may_come(b"new.....", now_ns=now_ns)
    assert guests.came(b"new.....", now_ns=now_ns) == invented(MAX_GUESTS - 1)
    now_ns += MEET_EVERY_NS
    assert guests.came(b"newer...", now_ns=now_ns) == invented(MAX_GUESTS - 2)
    assert not guests.may_come(b"newest..", now_ns=now_ns + MEET_EVERY_NS)  # the third has settled
