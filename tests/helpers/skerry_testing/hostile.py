"""Hostile bytes for decoders: random ones, and valid ones with bytes flipped, cut out, doubled or put in."""

from collections.abc import Sequence

from hypothesis import strategies as st

__all__ = ["EDITS", "hostile_bytes", "mutate"]

EDITS = ("flip", "cut", "double", "insert")


def hostile_bytes(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return random bytes and mutations of the given valid inputs."""
    return st.one_of(
        st.binary(max_size=400), st.builds(mutate, st.sampled_from(list(seeds)), st.lists(_EDITS, max_size=6))
    )


_EDITS = st.tuples(st.sampled_from(EDITS), st.integers(0, 5000), st.binary(max_size=8))


def mutate(raw: bytes, edits: Sequence[tuple[str, int, bytes]]) -> bytes:
    """Apply edits (kind, place, bytes) one after the other."""
    for kind, untrusted_at, extra in edits:
        at = untrusted_at % (len(raw) + 1)
        match kind:
            case "flip":
                raw = raw[:at] + extra[:1] + raw[at + 1 :]
            case "cut":
                raw = raw[:at] + raw[at + 1 + len(extra) :]
            case "double":
                raw = raw[:at] + raw[at : at + 8] + raw[at:]
            case _:
                raw = raw[:at] + extra + raw[at:]
    return raw
