import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.packet_charge import BURN_THRESHOLD_DC, Burn, ChargeBook, Payer, PendingTransaction

steps = st.lists(
    st.one_of(
        st.tuples(st.just("packet"), st.integers(0, 400_000)),
        st.tuples(st.just("burn"), st.booleans()),
        st.tuples(st.just("settle"), st.none()),
        st.tuples(st.just("fund"), st.integers(0, 50_000)),
        st.tuples(st.just("monitor"), st.none()),
    ),
    max_size=40,
)


def book(onchain_dc: int) -> ChargeBook:
    return ChargeBook(minimum_dc=10, payers={"p": Payer(onchain_dc=onchain_dc)}, payer_of={"1": "p"})


@given(st.integers(0, 100_000), steps)
def test_more_is_never_charged_than_was_ever_on_the_chain(
    onchain_dc: int, todo: list[tuple[str, int | bool | None]]
) -> None:
    charges, funded, charged = book(onchain_dc), onchain_dc, 0
    payer = charges.payers["p"]
    for action, value in todo:
        if action == "packet":
            result = charges.charge(oui="1", payload_bytes=int(value or 0), packet_type="uplink", free=False)
            assert result is not None
            charged += result.dc if result.valid else 0
        elif action == "burn":
            try:
                burn = charges.next_burn()
            except PendingTransaction:
                continue
            if burn is not None:
                assert burn.amount_dc >= BURN_THRESHOLD_DC
                charges.sent(burn, took_effect=bool(value))
        elif action == "settle":
            charges.settle()
        elif action == "fund":
            payer.onchain_dc += int(value or 0)
            funded += int(value or 0)
        else:
            charges.enable_funded()
        assert charged <= funded


def test_the_payer_whose_last_burn_is_oldest_comes_first() -> None:
    charges = ChargeBook(
        minimum_dc=0,
        payers={name: Payer(onchain_dc=10**6, cached_dc=10**6, burned_dc=20_000) for name in ("a", "b")},
        payer_of={"1": "a", "2": "b"},
    )
    order = []
    for _ in range(3):
        burn = charges.next_burn()
        assert burn is not None
        order.append(burn.payer)
        charges.sent(burn, took_effect=True)
        charges.settle()
        charges.charge(
            oui="1" if burn.payer == "a" else "2", payload_bytes=24 * 10_000, packet_type="uplink", free=False
        )
    assert order == ["a", "b", "a"]


def test_a_burn_without_effect_stays_pending() -> None:
    charges = ChargeBook(
        minimum_dc=0, payers={"a": Payer(onchain_dc=50_000, cached_dc=50_000, burned_dc=20_000)}, payer_of={"1": "a"}
    )
    charges.sent(Burn(payer="a", amount_dc=20_000), took_effect=False)
    with pytest.raises(PendingTransaction):
        charges.next_burn()
    charges.settle()
    assert charges.next_burn() == Burn(payer="a", amount_dc=20_000)
    assert charges.payers["a"].onchain_dc == 50_000
