"""Ledger, clusters, payouts, data credits and token economics."""
