"""The agent: composition root, stores, schedulers, HTTP API and command line."""
