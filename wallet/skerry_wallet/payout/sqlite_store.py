"""The payment store in SQLite; the agent's skerry.db or a file of its own."""

import sqlite3
from collections.abc import Sequence

from skerry_wallet.database import Database
from skerry_wallet.errors import PayoutRefused
from skerry_wallet.payout.payment import Attempt, EpochClaim, Payment, PaymentState, PaymentStore, Update

__all__ = ["SCHEMA", "SqlitePaymentStore"]

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS payout_epochs (
        network TEXT NOT NULL, epoch INTEGER NOT NULL, manifest_hash BLOB NOT NULL, lines_digest BLOB NOT NULL,
        PRIMARY KEY (network, epoch)) STRICT""",
    """CREATE TABLE IF NOT EXISTS payments (
        key TEXT PRIMARY KEY, network TEXT NOT NULL, marker TEXT NOT NULL, template BLOB NOT NULL,
        state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', signature TEXT, about TEXT NOT NULL DEFAULT '') STRICT""",
    """CREATE TABLE IF NOT EXISTS payment_attempts (
        key TEXT NOT NULL REFERENCES payments (key), number INTEGER NOT NULL, signature TEXT NOT NULL UNIQUE,
        raw BLOB NOT NULL, last_valid_block_height INTEGER NOT NULL, PRIMARY KEY (key, number)) STRICT""",
    "CREATE INDEX IF NOT EXISTS payments_by_state ON payments (state, key)",
)

_PAYMENT = "key, network, marker, template, state, note, signature, about"
_ATTEMPT = "key, number, signature, raw, last_valid_block_height"
_VARIABLES = 500  # SQLite's historic limit on `?` in one statement is 999


class SqlitePaymentStore(PaymentStore):
    """Implements `PaymentStore` on a database that has `SCHEMA`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(
        self, payments: Sequence[Payment], claim: EpochClaim | None = None, attempts: Sequence[Attempt] = ()
    ) -> None:
        def action(connection: sqlite3.Connection) -> None:
            if claim is not None:
                _claim(connection, claim)
            for payment in payments:
                _plan(connection, payment)
            _add_attempts(connection, attempts)

        await self._database.write(action)

    async def load(self, keys: Sequence[str]) -> list[tuple[Payment, list[Attempt]]]:
        return await self._database.read(lambda connection: _load(connection, keys))

    async def keys(self, prefix: str, states: Sequence[PaymentState]) -> list[str]:
        marks = ", ".join("?" * len(states))
        query = f"SELECT key FROM payments WHERE substr(key, 1, ?) = ? AND state IN ({marks}) ORDER BY key"  # noqa: S608
        values = (len(prefix), prefix, *(state.value for state in states))
        return await self._database.read(lambda connection: [key for (key,) in connection.execute(query, values)])

    async def causes(self, signatures: Sequence[str]) -> dict[str, str]:
        def action(connection: sqlite3.Connection) -> dict[str, str]:
            found: dict[str, str] = {}
            for start in range(0, len(signatures), _VARIABLES):
                some = signatures[start : start + _VARIABLES]
                marks = ", ".join("?" * len(some))
                tried = f"SELECT signature, key FROM payment_attempts WHERE signature IN ({marks})"  # noqa: S608
                adopted = f"SELECT signature, key FROM payments WHERE signature IN ({marks})"  # noqa: S608
                found |= dict(connection.execute(tried, some)) | dict(connection.execute(adopted, some))
            return found

        return await self._database.read(action)

    async def add_attempts(self, attempts: Sequence[Attempt]) -> None:
        if not attempts:
            return
        try:
            await self._database.write(lambda connection: _add_attempts(connection, attempts))
        except sqlite3.IntegrityError as error:
            raise PayoutRefused(
                "E_PAYOUT_BUSY",
                "Another run is signing the same payments.",
                remedy="Let it finish; what it signed will be continued.",
            ) from error

    async def update(self, updates: Sequence[Update]) -> None:
        rows = [(update.state.value, update.note, update.signature, update.key) for update in updates]
        statement = "UPDATE payments SET state = ?, note = ?, signature = ? WHERE key = ? AND state <> 'final'"

        def action(connection: sqlite3.Connection) -> None:
            connection.executemany(statement, rows)

        if rows:
            await self._database.write(action)


def _claim(connection: sqlite3.Connection, claim: EpochClaim) -> None:
    row = connection.execute(
        "SELECT manifest_hash, lines_digest FROM payout_epochs WHERE network = ? AND epoch = ?",
        (claim.network, claim.epoch),
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO payout_epochs (network, epoch, manifest_hash, lines_digest) VALUES (?, ?, ?, ?)",
            (claim.network, claim.epoch, claim.manifest_hash, claim.lines_digest),
        )
    elif tuple(row) != (claim.manifest_hash, claim.lines_digest):
        raise PayoutRefused(
            "E_PAYOUT_SECOND_MANIFEST",
            f"Epoch {claim.epoch} of {claim.network} is already paid by manifest {row[0].hex()}.",
            remedy="Find out why the oracle made two manifests for one epoch; nothing was signed for the second.",
            params={"network": claim.network, "epoch": claim.epoch, "first": row[0].hex()},
        )


def _plan(connection: sqlite3.Connection, payment: Payment) -> None:
    row = connection.execute("SELECT marker, template FROM payments WHERE key = ?", (payment.key,)).fetchone()
    if row is None:
        values = (payment.key, payment.network, payment.marker, payment.template, payment.state.value, payment.note)
        connection.execute(
            f"INSERT INTO payments ({_PAYMENT}) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",  # noqa: S608
            (*values, payment.about),
        )
    elif tuple(row) != (payment.marker, payment.template):
        raise PayoutRefused(
            "E_PAYOUT_CHANGED",
            f"Payment {payment.key} was planned before with other contents.",
            remedy="One cause is paid once; use another id for another movement.",
            params={"key": payment.key},
        )


def _add_attempts(connection: sqlite3.Connection, attempts: Sequence[Attempt]) -> None:
    rows = [(a.key, a.number, a.signature, a.raw, a.last_valid_block_height) for a in attempts]
    states = [(PaymentState.SIGNED.value, attempt.key) for attempt in attempts]
    connection.executemany(f"INSERT INTO payment_attempts ({_ATTEMPT}) VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608
    connection.executemany("UPDATE payments SET state = ? WHERE key = ?", states)


def _load(connection: sqlite3.Connection, keys: Sequence[str]) -> list[tuple[Payment, list[Attempt]]]:
    found: dict[str, tuple[Payment, list[Attempt]]] = {}
    for start in range(0, len(keys), _VARIABLES):
        some = keys[start : start + _VARIABLES]
        marks = ", ".join("?" * len(some))
        for row in connection.execute(f"SELECT {_PAYMENT} FROM payments WHERE key IN ({marks})", some):  # noqa: S608
            found[row[0]] = (_payment(row), [])
        query = f"SELECT {_ATTEMPT} FROM payment_attempts WHERE key IN ({marks}) ORDER BY key, number"  # noqa: S608
        for key, number, signature, raw, last_valid in connection.execute(query, some):
            found[key][1].append(
                Attempt(key=key, number=number, signature=signature, raw=raw, last_valid_block_height=last_valid)
            )
    return [found[key] for key in keys]


def _payment(
    row: tuple[str, str, str, bytes, str, str, str | None, str],
) -> Payment:
    key, network, marker, template, state, note, signature, about = row
    return Payment(
        key=key,
        network=network,
        marker=marker,
        template=template,
        about=about,
        state=PaymentState(state),
        note=note,
        signature=signature,
    )
