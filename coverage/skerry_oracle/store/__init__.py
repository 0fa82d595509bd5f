"""The oracle's memory: exact reports, registry, entropy, verdicts, epochs; on SQLite or PostgreSQL."""
