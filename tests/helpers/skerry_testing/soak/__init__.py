"""The loops of `./dev soak`; `tests/soak/run.py` lists them."""
