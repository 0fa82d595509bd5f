"""Double-entry bookkeeping in integer base units, and its comparison with the chain."""
