"""What the demo expects of its frauds is exact; the end-to-end test checks what comes out."""

import pytest

from skerry_agent.demo.frauds import EXPECTED, Caught
from skerry_agent.demo.plan import Fraud


def test_every_planted_fraud_has_an_expectation() -> None:
    assert {fraud.value for fraud in Fraud} <= EXPECTED.keys()
    assert len(EXPECTED) == 4


@pytest.mark.parametrize("fraud", sorted(EXPECTED))
def test_a_fraud_counts_as_caught_only_with_its_exact_reason(fraud: str) -> None:
    assert Caught(fraud=fraud, reason=EXPECTED[fraud], reports=1).as_expected
    assert not Caught(fraud=fraud, reason="something_else", reports=1).as_expected
    assert not Caught(fraud=fraud, reason=None, reports=1).as_expected
