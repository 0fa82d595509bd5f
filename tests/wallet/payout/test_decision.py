"""The payer's next step for everything that a cluster can say, true or not."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_wallet.cluster import SignatureStatus
from skerry_wallet.payout.decision import MAX_ATTEMPTS, Decision, MarkerState, Observation, decide

OK = SignatureStatus(slot=5, finalized=True, error=None)
NOT_YET = SignatureStatus(slot=5, finalized=False, error=None)
FAILED = SignatureStatus(slot=5, finalized=True, error={"InstructionError": [1, {"Custom": 0}]})

statuses = st.lists(st.sampled_from([None, OK, NOT_YET, FAILED]), max_size=MAX_ATTEMPTS + 1).map(tuple)
observations = st.builds(
    Observation,
    statuses=statuses,
    marker=st.sampled_from(MarkerState),
    block_height=st.integers(0, 400),
    last_valid_block_height=st.integers(0, 400),
    retry=st.booleans(),
    rejected=st.booleans(),
)


def seen(
    *known: SignatureStatus | None, marker: bool = False, height: int = 100, rejected: bool = False, retry: bool = False
) -> Observation:
    return Observation(
        statuses=known,
        marker=MarkerState.PRESENT if marker else MarkerState.ABSENT,
        block_height=height,
        last_valid_block_height=150,
        retry=retry,
        rejected=rejected,
    )


def test_a_new_payment_is_signed_and_one_whose_bytes_may_still_land_is_sent_again() -> None:
    assert decide(seen()) is Decision.SIGN
    assert decide(seen(None)) is Decision.SEND
    assert decide(seen(None, height=150)) is Decision.SEND
    assert decide(seen(None, height=151)) is Decision.SIGN


def test_final_needs_both_a_finalised_transaction_and_the_marker() -> None:
    assert decide(seen(OK, marker=True)) is Decision.FINAL
    assert decide(seen(None, OK, marker=True)) is Decision.FINAL
    assert decide(seen(NOT_YET, marker=True)) is Decision.WAIT
    assert decide(seen(OK)) is Decision.WAIT
    assert decide(seen(OK, height=151)) is Decision.CONTRADICTION


def test_a_marker_without_a_transaction_of_ours_must_be_explained() -> None:
    assert decide(seen(marker=True)) is Decision.PROVE
    assert decide(seen(None, marker=True, rejected=True)) is Decision.PROVE
    assert decide(seen(FAILED, marker=True)) is Decision.PROVE


def test_refusals_are_reported_and_failures_may_be_tried_again_after_expiry() -> None:
    assert decide(seen(None, rejected=True)) is Decision.REFUSED
    assert decide(seen(FAILED)) is Decision.REFUSED
    assert decide(seen(FAILED, height=151)) is Decision.SIGN


def test_attempts_are_limited() -> None:
    assert decide(seen(*[None] * MAX_ATTEMPTS, height=151)) is Decision.EXHAUSTED
    assert decide(seen(*[None] * MAX_ATTEMPTS, height=151, retry=True)) is Decision.SIGN


@settings(max_examples=200)
@given(observations)
def test_nothing_new_is_signed_while_an_older_transaction_may_land_or_the_marker_is_there(case: Observation) -> None:
    if decide(case) is Decision.SIGN and case.statuses:
        assert case.block_height > case.last_valid_block_height
        assert case.marker is MarkerState.ABSENT
        assert not any(status and status.error is None for status in case.statuses)


@settings(max_examples=200)
@given(observations)
def test_final_is_never_concluded_from_a_status_alone_where_there_is_a_marker(case: Observation) -> None:
    if decide(case) is Decision.FINAL:
        assert case.marker is not MarkerState.ABSENT
        assert any(status and status.finalized and status.error is None for status in case.statuses)


@settings(max_examples=200)
@given(observations)
def test_without_a_marker_nothing_is_ever_signed_a_second_time(case: Observation) -> None:
    step = decide(replace(case, marker=MarkerState.NONE))
    if case.statuses:
        assert step is not Decision.SIGN
    if step is Decision.FAILED and case.statuses[-1] is None:
        assert case.rejected
        assert case.block_height > case.last_valid_block_height
