"""A process that pays one epoch and kills itself at the n-th step.

`python -m skerry_testing.paying_process DIR EPOCH N`.
A step is the moment before or after any call of the cluster or the store. N = 0 pays to the end.
"""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from skerry_core.clock import SystemClock
from skerry_testing.wallet import order, settlement


class Dying:
    """Passes everything on and counts."""

    steps_left = 0

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._step()
            result = await method(*args, **kwargs)
            self._step()
            return result

        return call

    @staticmethod
    def _step() -> None:
        Dying.steps_left -= 1
        if Dying.steps_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(directory: Path, epoch: int, die_at: int) -> None:
    async with settlement(directory, SystemClock()) as place:
        payer = place.payer()
        Dying.steps_left = die_at
        dying: Any = Dying(payer.store)
        lying: Any = Dying(place.cluster)
        result = await replace(payer, store=dying, cluster=lying).pay(order(place.iot, epoch=epoch))
        assert result.complete, [(batch.state, batch.note) for batch in result.batches]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
