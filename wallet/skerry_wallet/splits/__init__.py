"""Reward splits with hosts: what was agreed, what follows from it, what is owed and paid, and the host's statement."""
