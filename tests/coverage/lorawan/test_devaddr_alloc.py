from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.lorawan.devaddr_alloc import AddressPool
from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.netid import NetId

NETWORK = NetId(0xC00053)  # 1024 addresses
steps = st.lists(st.tuples(st.sampled_from(["take", "give"]), st.integers(0, 1023), st.integers(0, 300)), max_size=20)


@given(steps)
def test_no_address_is_handed_out_twice(todo: list[tuple[str, int, int]]) -> None:
    pool, used = AddressPool(NETWORK), set[int]()
    base = NETWORK.first_dev_addr
    for action, first, wanted in todo:
        count = wanted
        if action == "give":
            last = min(first + count, 1023)
            pool.release(base + first, base + last)
            used -= set(range(base + first, base + last + 1))
        else:
            try:
                runs = pool.allocate(count)
            except LorawanRefused:
                runs, count = [], 0  # a failed request takes nothing
            taken = {address for start, end in runs for address in range(start, end + 1)}
            assert len(taken) == count
            assert not taken & used
            used |= taken
        assert pool.used_count == len(used)


@given(st.integers(0, (1 << 24) - 1), st.integers(0, 127))
def test_every_address_belongs_to_the_network_that_gave_it(value: int, index: int) -> None:
    network = NetId(value)
    again = NetId.of_dev_addr(network.dev_addr(index))
    assert again.first_dev_addr == network.first_dev_addr
    assert again.type == network.type
