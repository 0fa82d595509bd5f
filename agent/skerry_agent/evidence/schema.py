"""The evidence tables, a migration set of their own inside `skerry.db`. Steps are only ever added at the end."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

__all__ = ["EVIDENCE"]

EVIDENCE = Migrations("evidence")


@EVIDENCE(name="001_log")
def _log(db: sqlite_utils.Database) -> None:
    for statement in (
        # One log per hotspot key; `next_seq` and `chain` are its head, moved in the transaction that adds an entry.
        """CREATE TABLE evidence_logs (
            log INTEGER PRIMARY KEY, agent BLOB NOT NULL UNIQUE, network TEXT NOT NULL,
            next_seq INTEGER NOT NULL, chain BLOB NOT NULL
        )""",
        # header, salt and body go together when retention deletes a body; id, kind and leaf stay for ever.
        """CREATE TABLE evidence_entries (
            log INTEGER NOT NULL REFERENCES evidence_logs, seq INTEGER NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL,
            at_ns INTEGER, leaf BLOB NOT NULL, salt BLOB, header BLOB, body BLOB,
            PRIMARY KEY (log, seq)
        ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX evidence_by_id ON evidence_entries (id)",
        "CREATE INDEX evidence_by_kind ON evidence_entries (log, kind, seq)",
        # Roots of complete blocks of leaves: a seal or a proof reads these instead of every leaf.
        """CREATE TABLE evidence_blocks (
            log INTEGER NOT NULL REFERENCES evidence_logs, number INTEGER NOT NULL, root BLOB NOT NULL,
            PRIMARY KEY (log, number)
        ) WITHOUT ROWID""",
        """CREATE TABLE evidence_seals (
            log INTEGER NOT NULL REFERENCES evidence_logs, number INTEGER NOT NULL, tree_size INTEGER NOT NULL,
            at_ns INTEGER NOT NULL, seal BLOB NOT NULL, signature BLOB NOT NULL,
            PRIMARY KEY (log, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX evidence_seals_by_size ON evidence_seals (log, tree_size)",
    ):
        db.conn.execute(statement)
