"""Solana's JSON-RPC: a client as a `Cluster`, and a server in front of the embedded chain for standard tools."""
