"""Key pairs, addresses, signatures and the Signer interface."""
