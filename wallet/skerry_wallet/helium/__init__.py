"""Helium on Solana without a node: addresses, accounts, instructions, transactions, claims and fees, byte for byte.

Everything here is pure (wallet-economics sections 1 and 5); a `Cluster` moves the bytes. Base58 text is an address.
"""
