"""The oracle's tables, for both databases. Steps are named and only ever appended; each runs in one transaction."""

__all__ = ["MIGRATIONS", "for_postgres", "for_sqlite"]

# BYTES, NUMBER and TEXT stand for each database's own types.
MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "0001_registry",
        (
            """CREATE TABLE registrations (
                gateway BYTES PRIMARY KEY, owner BYTES NOT NULL, record BYTES NOT NULL,
                gateway_signature BYTES NOT NULL, owner_signature BYTES NOT NULL, is_full NUMBER NOT NULL,
                received_ms NUMBER NOT NULL, state TEXT NOT NULL, decided_ms NUMBER, decided_by TEXT, reason TEXT)""",
            """CREATE TABLE assertions (
                gateway BYTES NOT NULL, number NUMBER NOT NULL, record BYTES NOT NULL, owner_signature BYTES NOT NULL,
                cell TEXT NOT NULL, region TEXT NOT NULL, gain_ddbi NUMBER NOT NULL, elevation_m NUMBER NOT NULL,
                received_ms NUMBER NOT NULL, effective_epoch NUMBER, PRIMARY KEY (gateway, number))""",
            """CREATE TABLE denylists (
                serial NUMBER PRIMARY KEY, record BYTES NOT NULL, signer BYTES NOT NULL, signature BYTES NOT NULL,
                received_ms NUMBER NOT NULL)""",
            """CREATE TABLE allowed (gateway BYTES PRIMARY KEY, note TEXT NOT NULL, added_ms NUMBER NOT NULL)""",
        ),
    ),
    (
        "0002_evidence",
        (
            """CREATE TABLE entropy (
                timestamp_s NUMBER PRIMARY KEY, raw BYTES NOT NULL, data BYTES NOT NULL UNIQUE, version NUMBER NOT NULL,
                commitment BYTES NOT NULL, committed_ms NUMBER NOT NULL, published_ms NUMBER)""",
            """CREATE TABLE sessions (
                session_id BYTES PRIMARY KEY, gateway BYTES NOT NULL, session_key BYTES NOT NULL, nonce BYTES NOT NULL,
                init BYTES NOT NULL, opened_ms NUMBER NOT NULL, service TEXT NOT NULL, peer TEXT NOT NULL)""",
            """CREATE TABLE reports (
                kind TEXT NOT NULL, report_id BYTES NOT NULL, content_id BYTES NOT NULL, gateway BYTES NOT NULL,
                data BYTES NOT NULL, body BYTES NOT NULL, received_ms NUMBER NOT NULL, stored_ms NUMBER NOT NULL,
                session_id BYTES, peer TEXT NOT NULL, is_copy NUMBER NOT NULL, judged NUMBER NOT NULL,
                PRIMARY KEY (kind, report_id))""",
            "CREATE INDEX reports_waiting ON reports (kind, received_ms) WHERE judged = 0",
            "CREATE INDEX reports_by_content ON reports (content_id)",
            "CREATE INDEX reports_by_data ON reports (kind, data)",
            "CREATE INDEX reports_by_time ON reports (kind, received_ms)",
            """CREATE TABLE refusals (
                epoch NUMBER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, count NUMBER NOT NULL,
                PRIMARY KEY (epoch, kind, reason))""",
            """CREATE TABLE refused_samples (
                epoch NUMBER NOT NULL, number NUMBER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
                peer TEXT NOT NULL, body BYTES NOT NULL, received_ms NUMBER NOT NULL, PRIMARY KEY (epoch, number))""",
        ),
    ),
    (
        "0003_verdicts",
        (
            """CREATE TABLE verdicts (
                kind TEXT NOT NULL, report_id BYTES NOT NULL, gateway BYTES NOT NULL, poc_id BYTES,
                received_ms NUMBER NOT NULL, epoch NUMBER NOT NULL, valid NUMBER NOT NULL, reason TEXT, side TEXT,
                selected NUMBER NOT NULL, rule_set TEXT NOT NULL, inputs BYTES NOT NULL, judged_ms NUMBER NOT NULL,
                PRIMARY KEY (kind, report_id))""",
            "CREATE INDEX verdicts_by_epoch ON verdicts (epoch, received_ms)",
            "CREATE INDEX verdicts_by_gateway ON verdicts (gateway, received_ms)",
            "CREATE INDEX verdicts_by_poc ON verdicts (poc_id)",
            """CREATE TABLE gateway_times (
                gateway BYTES PRIMARY KEY, last_beacon_ms NUMBER, last_beacon_reciprocity_ms NUMBER,
                last_witness_ms NUMBER)""",
        ),
    ),
    (
        "0004_epochs",
        (
            """CREATE TABLE epochs (
                epoch NUMBER PRIMARY KEY, state TEXT NOT NULL, start_ms NUMBER NOT NULL, end_ms NUMBER NOT NULL,
                changed_ms NUMBER NOT NULL)""",
            """CREATE TABLE shares (
                epoch NUMBER NOT NULL, gateway BYTES NOT NULL, owner BYTES, kind TEXT NOT NULL,
                report_id BYTES NOT NULL, poc_id BYTES, share TEXT NOT NULL, hex_scale TEXT NOT NULL,
                reward_unit TEXT NOT NULL, received_ms NUMBER NOT NULL, PRIMARY KEY (kind, report_id))""",
            "CREATE INDEX shares_by_epoch ON shares (epoch, gateway)",
            """CREATE TABLE manifests (
                epoch NUMBER PRIMARY KEY, body BYTES NOT NULL, hash BYTES NOT NULL UNIQUE, made_ms NUMBER NOT NULL)""",
            """CREATE TABLE manifest_signatures (
                epoch NUMBER NOT NULL, signer BYTES NOT NULL, signature BYTES NOT NULL, PRIMARY KEY (epoch, signer))""",
            """CREATE TABLE payouts (
                epoch NUMBER PRIMARY KEY, receipt TEXT NOT NULL, paid_ms NUMBER NOT NULL)""",
        ),
    ),
    (
        "0005_packets",
        (
            """CREATE TABLE packets (
                packet_id BYTES PRIMARY KEY, epoch NUMBER NOT NULL, gateway BYTES NOT NULL, oui NUMBER NOT NULL,
                net_id NUMBER NOT NULL, payload_hash BYTES NOT NULL, payload_size NUMBER NOT NULL, dc NUMBER NOT NULL,
                is_free NUMBER NOT NULL, received_ms NUMBER NOT NULL)""",
            "CREATE INDEX packets_by_epoch ON packets (epoch, gateway)",
            """CREATE TABLE routes (
                route_id TEXT PRIMARY KEY, body BYTES NOT NULL, changed_ms NUMBER NOT NULL)""",
        ),
    ),
    (
        "0006_admin_tokens",
        (
            """CREATE TABLE admin_tokens (
                digest BYTES PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, made_ms NUMBER NOT NULL)""",
        ),
    ),
    (
        "0007_lifetime",
        ("""CREATE TABLE lifetime (gateway BYTES PRIMARY KEY, bones NUMBER NOT NULL)""",),
    ),
    (
        "0008_credits",
        (
            """CREATE TABLE credits (
                oui NUMBER PRIMARY KEY, granted_dc NUMBER NOT NULL, changed_ms NUMBER NOT NULL)""",
        ),
    ),
)


def for_sqlite(sql: str) -> str:
    """Put SQLite's type names into a statement."""
    return sql.replace(" BYTES", " BLOB").replace(" NUMBER", " INTEGER")


def for_postgres(sql: str) -> str:
    """Put PostgreSQL's type names into a statement."""
    return sql.replace(" BYTES", " BYTEA").replace(" NUMBER", " BIGINT")
