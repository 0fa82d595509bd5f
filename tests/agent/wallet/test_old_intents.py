"""Owners' payments that an earlier version stored are kept, with their bytes, and can be gone on with."""

import json
from pathlib import Path

from skerry_agent.operator.treasury import AgentDatabase
from skerry_agent.store import Database
from skerry_agent.store.schema import SKERRY
from skerry_agent.wallet.payments import open_payment_store
from skerry_agent.wallet.spend import About, open_payments, spent_today
from skerry_client.paths import choose_paths
from skerry_core.clock import SystemClock
from skerry_testing.wallet import address_of, signer
from skerry_wallet.payout.payment import PaymentState, template_of
from skerry_wallet.spending.effects import SOL
from skerry_wallet.spending.transfer import Transfer
from skerry_wallet.transaction import parse_transaction, sign_message, signer_key

ME, FRIEND = address_of("owner 0"), address_of("owner 1")


def signed(amount: int) -> bytes:
    owner, friend = (signer_key(signer(name)) for name in ("owner 0", "owner 1"))
    message = Transfer(owner=owner, to=friend, token=None, amount=amount).message(open_account=False)
    return sign_message(message, [signer("owner 0")])


async def test_payments_of_the_old_table_are_moved_with_their_bytes(tmp_path: Path) -> None:
    clock, paths = SystemClock(), choose_paths(tmp_path, environ={})
    paths.create()
    old = await Database.open(paths.database, clock=clock, migrations=(SKERRY,))
    rows = [(signed(100), "final", None), (signed(200), "sent", None), (signed(300), "unknown", "expired")]

    def insert(amount: int, raw: bytes, state: str, reason: str | None) -> tuple[object, ...]:
        cause = {
            "wallet": ME,
            "cluster": "genesis",
            "paid": {SOL: str(amount)},
            "to": [FRIEND],
            "effects": ["transfer"],
        }
        signature = parse_transaction(raw).signature
        return signature, json.dumps(cause), raw, signature, 7, clock.wall_ns(), clock.wall_ns(), state, reason

    values = [insert(100 * (n + 1), *row) for n, row in enumerate(rows)]
    await AgentDatabase(old).write(
        lambda connection: connection.executemany(
            "INSERT INTO intents (id, kind, cause, signed, signature, last_valid_block_height, created_ns, changed_ns,"
            " state, reason) VALUES (?, 'owner payment', ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    )
    await old.close()
    for _ in range(2):  # the second opening finds everything done
        async with open_payment_store(paths, clock=clock) as store:
            (kept,) = await open_payments(store)
            assert kept.state is PaymentState.SENT
            assert await spent_today(store, ME, clock=clock) == {SOL: 600}
            ((_, (attempt,)),) = await store.load([kept.key])
            assert attempt.raw == rows[1][0]
            assert kept.template == template_of(parse_transaction(attempt.raw).message_bytes)
            assert About.of(kept).to == [FRIEND]
