"""Fakes and helpers for tests; never imported by the product."""
