"""The embedded chain: a Solana VM in a child process, its journal and snapshot, and the cluster that talks to it.

`EmbeddedCluster` is all that the agent's process imports; solders is loaded by the child only.
"""
