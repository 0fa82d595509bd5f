"""The oracle as a service: stores, admission, entropy, epochs."""
