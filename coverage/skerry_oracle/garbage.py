"""How often an oracle's process looks for cycles of garbage; `skerry oracle run` and the benchmarks set it alike."""

import gc

__all__ = ["collect_garbage_rarely"]

GARBAGE_THRESHOLD = 50_000  # new objects between two looks; Python's own is 700


def collect_garbage_rarely() -> None:
    """Reports by the thousand a second make few cycles; looking for them took a twentieth of the processor."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
