"""What `./dev bench` measures; `tests/bench/run.py` lists it."""
