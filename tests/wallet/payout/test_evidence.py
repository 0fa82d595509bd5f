"""What a server must show before its word that a payment landed is believed."""

from dataclasses import dataclass, replace

import pytest

from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import address_of
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Account, Landing, SignatureStatus
from skerry_wallet.payout.decision import MarkerState
from skerry_wallet.payout.evidence import Evidence, marker_state
from skerry_wallet.payout.payment import Attempt, Payment
from skerry_wallet.programs import MEMO_PROGRAM, SYSTEM_PROGRAM

PAYER, MARKER = address_of("payer"), address_of("marker")
MEMO = address_text(MEMO_PROGRAM)
ACCOUNT = Account(lamports=890_880, owner=MEMO, data=b"", executable=False)
LANDING = Landing(
    signature="s", raw=b"raw", slot=1, at_s=1, error=None, fee_lamports=5_000,
    lamports=((PAYER, 10**9, 10**9 - 895_880), (MARKER, 0, 890_880)),
)  # fmt: skip
FINAL = SignatureStatus(slot=1, finalized=True, error=None)
ATTEMPT = Attempt(key="k", number=0, signature="s", raw=b"raw", last_valid_block_height=1)
MARKED = Payment(key="k", network="n", marker=MARKER, template=b"")


@dataclass(slots=True)
class Told(LyingCluster):
    """A server that says what a test wants."""

    honest: None = None  # type: ignore[assignment]  # everything that evidence asks is answered here
    status: SignatureStatus | None = FINAL
    account: Account | None = ACCOUNT
    shown: Landing | None = LANDING

    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        return [self.status] * len(signatures)

    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        return [self.account] * len(addresses)

    async def landing(self, signature: str) -> Landing | None:
        return self.shown


async def test_an_honest_answer_leaves_no_doubt() -> None:
    assert await Evidence(cluster=Told()).doubt(MARKED, ATTEMPT) is None
    assert await Evidence(cluster=Told(), second=Told()).doubt(MARKED, ATTEMPT) is None


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (Told(account=None), "marker"),
        (Told(account=replace(ACCOUNT, owner=address_text(SYSTEM_PROGRAM))), "marker"),
        (Told(shown=None), "does not show the transaction"),
        (Told(shown=replace(LANDING, raw=b"another")), "other bytes"),
        (Told(shown=replace(LANDING, error="AccountInUse")), "failed"),
        (Told(shown=replace(LANDING, fee_lamports=0)), "add up"),
        (Told(shown=replace(LANDING, lamports=((PAYER, 5, 4), (MARKER, 0, 1)))), "add up"),
        (Told(shown=replace(LANDING, lamports=((PAYER, 10_000, 5_000), (MARKER, 0, 0)))), "no lamports for its marker"),
    ],
)  # fmt: skip
async def test_every_contradiction_is_a_doubt_at_either_server(lie: Told, said: str) -> None:
    first = await Evidence(cluster=lie).doubt(MARKED, ATTEMPT)
    second = await Evidence(cluster=Told(), second=lie).doubt(MARKED, ATTEMPT)
    assert first is not None
    assert first.startswith("this server")
    assert said in first
    assert second is not None
    assert second.startswith("the second server")
    assert said in second


@pytest.mark.parametrize("status", [None, replace(FINAL, finalized=False), replace(FINAL, error="x")])
async def test_a_second_server_that_does_not_know_it_disagrees(status: SignatureStatus | None) -> None:
    doubt = await Evidence(cluster=Told(), second=Told(status=status)).doubt(MARKED, ATTEMPT)
    assert doubt is not None
    assert "disagree" in doubt


def test_a_marker_is_empty_funded_and_the_memo_programs() -> None:
    assert marker_state(ACCOUNT) is MarkerState.PRESENT
    for other in (None, replace(ACCOUNT, data=b"x"), replace(ACCOUNT, lamports=0), replace(ACCOUNT, owner=PAYER)):
        assert marker_state(other) is MarkerState.ABSENT
