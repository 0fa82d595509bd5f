"""Data credits on a network's own chain: every account frozen, thawed only around a movement."""
