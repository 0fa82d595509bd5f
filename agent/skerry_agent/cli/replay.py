"""`skerry simulate packet-forwarder --replay`: recorded datagrams to an agent, and what it acknowledged."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from skerry_agent.cli.context import show
from skerry_core.errors import UserError

__all__ = ["replay_recordings"]


def replay_recordings(recordings: Sequence[Path], server: tuple[str, int], *, as_json_: bool) -> None:
    """Send them and show the counts. Raises `UserError` E_NOT_ACKNOWLEDGED, E_RECORDING."""
    from skerry_simulate.replay import recorded, replay

    done = asyncio.run(replay(recorded(recordings), server))
    address = f"{server[0]}:{server[1]}"
    show(
        {"sent": done.sent, "owed": done.owed, "acknowledged": done.acknowledged},
        json_wanted=as_json_,
        text=lambda: (
            f"{done.sent} datagrams sent to {address}; {done.acknowledged} of the {done.owed} that have to be "
            "acknowledged were."
        ),
    )
    if done.acknowledged < done.owed:
        raise UserError(
            "E_NOT_ACKNOWLEDGED",
            f"{done.owed - done.acknowledged} datagrams were not acknowledged.",
            remedy=f"Start an agent that listens on {address} (gwmp.listen), and read its log.",
        )
