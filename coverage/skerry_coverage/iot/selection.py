"""Which valid witnesses count: the first by receive time, up to the limit (HIP-83; iot-poc 4.5)."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from skerry_coverage.iot.rules import Judgement

__all__ = ["select_witnesses"]


class _Received(Protocol):
    @property
    def received_ms(self) -> int: ...


class _Judged(Protocol):
    @property
    def witness(self) -> _Received: ...

    @property
    def judgement(self) -> Judgement: ...


V = TypeVar("V", bound=_Judged)


def select_witnesses(judged: Sequence[V], max_witnesses: int) -> tuple[list[V], list[V]]:
    """Return (selected, unselected): surplus valid reports first, then the invalid ones; self-witnesses are dropped.

    Valid reports are sorted only when there are too many, as upstream does; otherwise the order is kept.
    """
    valid = [verdict for verdict in judged if verdict.judgement.reason is None]
    invalid = [verdict for verdict in judged if verdict.judgement.reason not in (None, "self_witness")]
    if len(valid) > max_witnesses:
        valid.sort(key=lambda verdict: verdict.witness.received_ms)
    return valid[:max_witnesses], valid[max_witnesses:] + invalid
