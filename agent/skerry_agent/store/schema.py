"""The two databases' migrations: named steps, each one transaction. Steps are only ever added at the end.

The evidence log brings its own set (`skerry_agent.evidence`), so it does not appear here.
"""

import sqlite_utils
from sqlite_utils.migrations import Migrations

__all__ = ["SKERRY", "TELEMETRY"]

SKERRY = Migrations("agent")
TELEMETRY = Migrations("telemetry")


@SKERRY(name="001_identity")
def _identity(db: sqlite_utils.Database) -> None:
    _run(
        db,
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE devices (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, hotspot TEXT, region TEXT,
            first_seen_ns INTEGER NOT NULL, last_seen_ns INTEGER NOT NULL, details TEXT NOT NULL
        )""",
        """CREATE TABLE tokens (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
            created_ns INTEGER NOT NULL, last_used_ns INTEGER, revoked_ns INTEGER
        )""",
        """CREATE TABLE audit (
            id TEXT PRIMARY KEY, at_ns INTEGER NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL,
            action TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL
        )""",
        "CREATE INDEX audit_by_time ON audit (at_ns, id)",
    )


@SKERRY(name="002_proofs")
def _proofs(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE beacons (
            id TEXT PRIMARY KEY, hotspot TEXT NOT NULL, device_id TEXT NOT NULL, at_ns INTEGER NOT NULL,
            frequency_hz INTEGER NOT NULL, datarate TEXT NOT NULL, power_dbm INTEGER NOT NULL,
            data BLOB NOT NULL, report BLOB NOT NULL, state TEXT NOT NULL,
            verdict TEXT NOT NULL, reason TEXT, rule_set TEXT, poc_id TEXT
        )""",
        "CREATE INDEX beacons_by_time ON beacons (at_ns, id)",
        "CREATE INDEX beacons_by_data ON beacons (data)",
        """CREATE TABLE witnesses (
            id TEXT PRIMARY KEY, hotspot TEXT NOT NULL, device_id TEXT NOT NULL, packet_id TEXT, at_ns INTEGER NOT NULL,
            frequency_hz INTEGER NOT NULL, datarate TEXT NOT NULL, rssi_dbm INTEGER NOT NULL, snr_ddb INTEGER NOT NULL,
            data BLOB NOT NULL, report BLOB NOT NULL, state TEXT NOT NULL,
            verdict TEXT NOT NULL, reason TEXT, rule_set TEXT, poc_id TEXT, beaconer TEXT
        )""",
        "CREATE INDEX witnesses_by_time ON witnesses (at_ns, id)",
        "CREATE INDEX witnesses_by_verdict ON witnesses (verdict, at_ns, id)",
    )


@SKERRY(name="003_outbox_and_duty")
def _outbox_and_duty(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE outbox (
            id TEXT PRIMARY KEY, class TEXT NOT NULL, body BLOB NOT NULL, created_ns INTEGER NOT NULL,
            deadline_ns INTEGER NOT NULL, next_try_ns INTEGER NOT NULL, attempts INTEGER NOT NULL,
            state TEXT NOT NULL, reason TEXT, settled_ns INTEGER
        )""",
        "CREATE INDEX outbox_due ON outbox (next_try_ns, id) WHERE state = 'waiting'",
        "CREATE INDEX outbox_settled ON outbox (settled_ns) WHERE state != 'waiting'",
        """CREATE TABLE duty (
            device_id TEXT NOT NULL, band TEXT NOT NULL, start_ns INTEGER NOT NULL, airtime_us INTEGER NOT NULL,
            PRIMARY KEY (device_id, band, start_ns)
        )""",
    )


@SKERRY(name="004_money")
def _money(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE rewards (
            id TEXT PRIMARY KEY, network TEXT NOT NULL, epoch INTEGER NOT NULL, at_ns INTEGER NOT NULL,
            hotspot TEXT NOT NULL, owner TEXT NOT NULL, token TEXT NOT NULL, amount TEXT NOT NULL,
            kind TEXT NOT NULL, state TEXT NOT NULL, manifest_hash TEXT NOT NULL,
            "transaction" TEXT, cause TEXT NOT NULL
        )""",
        "CREATE INDEX rewards_by_time ON rewards (at_ns, id)",
        "CREATE INDEX rewards_by_hotspot ON rewards (hotspot, at_ns, id)",
        """CREATE TABLE intents (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, cause TEXT NOT NULL, signed BLOB, signature TEXT,
            last_valid_block_height INTEGER, created_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
            state TEXT NOT NULL, reason TEXT
        )""",
        "CREATE INDEX intents_by_state ON intents (state, created_ns)",
    )


@SKERRY(name="005_pairings")
def _pairings(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE pairings (
            hash BLOB PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, created_ns INTEGER NOT NULL,
            expires_ns INTEGER NOT NULL, token_id TEXT
        )""",
    )


@TELEMETRY(name="001_packets")
def _packets(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE packets (
            id TEXT PRIMARY KEY, device_id TEXT NOT NULL, hotspot TEXT, at_ns INTEGER NOT NULL,
            frequency_hz INTEGER NOT NULL, datarate TEXT NOT NULL, rssi_dbm INTEGER NOT NULL, snr_ddb INTEGER NOT NULL,
            crc TEXT NOT NULL, phy BLOB NOT NULL, kind TEXT NOT NULL, address TEXT, stage TEXT NOT NULL,
            reason TEXT, sent_to TEXT NOT NULL, source TEXT NOT NULL
        )""",
        "CREATE INDEX packets_by_time ON packets (at_ns, id)",
        "CREATE INDEX packets_by_device ON packets (device_id, at_ns, id)",
    )


def _run(db: sqlite_utils.Database, *statements: str) -> None:
    for statement in statements:  # one by one: executescript would commit the step's transaction
        db.conn.execute(statement)
