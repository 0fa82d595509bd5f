"""Epochs are UTC days; everything that pays per epoch counts with these."""

__all__ = ["EPOCH_S", "epoch_of", "start_of"]

EPOCH_S = 86_400


def epoch_of(time_s: int) -> int:
    """Return the epoch that contains a Unix time."""
    return time_s // EPOCH_S


def start_of(epoch: int) -> int:
    """Return the Unix time at which an epoch begins."""
    return epoch * EPOCH_S
