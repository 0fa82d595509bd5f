"""What a transaction does to a wallet, in our own reading, and whether the owner's rules allow it."""
