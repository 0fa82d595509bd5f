"""Moves owners' payments of earlier versions, the table `intents`, into the payment store. One migration calls it."""

import json
import sqlite3

from skerry_core.clock import NS_PER_S
from skerry_wallet.payout.payment import template_of
from skerry_wallet.transaction import parse_transaction

__all__ = ["move_intents"]


def move_intents(connection: sqlite3.Connection) -> None:
    """Copy every signed payment with its bytes, then drop the table; inside the migration's transaction."""
    query = "SELECT signature, cause, signed, last_valid_block_height, created_ns, state, reason FROM intents"
    rows = connection.execute(f"{query} WHERE signed IS NOT NULL").fetchall()
    for signature, cause_text, signed, last_valid, created_ns, state, reason in rows:
        cause = json.loads(cause_text)
        key = f"owner/{cause.pop('wallet')}/{signature}"
        about = json.dumps({"at_s": created_ns // NS_PER_S} | cause)
        template = template_of(parse_transaction(bytes(signed)).message_bytes)
        connection.execute(
            "INSERT INTO payments (key, network, marker, template, state, note, signature, about)"
            " VALUES (?, '', '', ?, ?, ?, ?, ?)",
            (key, template, state, reason or "", signature if state == "final" else None, about),
        )
        connection.execute(
            "INSERT INTO payment_attempts (key, number, signature, raw, last_valid_block_height)"
            " VALUES (?, 0, ?, ?, ?)",
            (key, signature, bytes(signed), last_valid or 0),
        )
    connection.execute("DROP TABLE intents")
