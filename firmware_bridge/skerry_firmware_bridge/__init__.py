"""Bytes from radios, modems and meters to typed device events, and back through one transmit gate."""
