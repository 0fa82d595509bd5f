"""What a hotspot did, kept so that it can be proved later: entries, salted leaves, the chain, the Merkle tree, seals.

All of it is pure. `skerry_agent.evidence` keeps it on disk, `skerry_coverage.bundle` packs parts of it into files.
"""
