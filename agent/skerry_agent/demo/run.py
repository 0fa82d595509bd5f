"""Runs the demo from start to end on simulated time and returns what came out of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.demo.frauds import Caught, commit_frauds, outcome_of_planted
from skerry_agent.demo.picture import draw_map
from skerry_agent.demo.plan import plan_neighbourhood
from skerry_agent.demo.result import DemoResult, collect, export_proof, peak_rss_mb
from skerry_agent.demo.traffic import replay_captures, send_uplinks
from skerry_agent.demo.world import EPOCH_S, LATENESS_S, World, open_world
from skerry_agent.operator.network_file import OperatorFolder
from skerry_core.files import PUBLIC_MODE, write_atomic
from skerry_simulate.clock import SimulatedClock

__all__ = ["DemoOptions", "Progress", "run_demo"]

# A Monday at midnight UTC and a second: the second belongs to the new epoch. Fixed, so that equal seeds repeat.
START_S = 1_793_577_601
STEP_S = 60  # simulated seconds between two moves of the progress bar
SETTLE_S = 120  # after the lateness: the last witness reports ripen, the payer waits for finality

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What to run and where. `folder` is the agents' home, `output` gets the map and the proof."""

    hotspots: int
    epochs: int
    seed: int
    folder: Path
    output: Path
    captures: Sequence[bytes]
    leave_epoch_unpaid: bool = False  # for `skerry rewards claim` on a kept demo


def run_demo(options: DemoOptions, progress: Progress) -> DemoResult:
    """Run the demo; `progress(fraction, words)` is called as it goes on. Raises `UserError` for bad options."""
    started = time.perf_counter()
    plan = plan_neighbourhood(hotspots=options.hotspots, seed=options.seed)
    clock = SimulatedClock(start_s=START_S)

    async def main() -> DemoResult:
        progress(0.0, "starting agents, oracle and chain")
        async with open_world(plan, folder=options.folder, clock=clock) as world:
            return await _live(world, options, progress)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        result = runner.run(main())
    _mark_ended(OperatorFolder(options.folder / "operator"))
    return replace(result, wall_s=time.perf_counter() - started, peak_rss_mb=peak_rss_mb())


async def _live(world: World, options: DemoOptions, progress: Progress) -> DemoResult:
    first = world.house.oracle.driver.current.epoch
    epochs = [first + number for number in range(options.epochs)]
    frauds: list[Caught] = []
    captured: list[int] = []

    async def misbehave() -> None:
        frauds.extend(await commit_frauds(world))

    async def replay() -> None:
        captured.append(await replay_captures(world, list(options.captures)))

    async with Background() as background:
        background.start(send_uplinks(world), name="sensors")
        background.start(misbehave(), name="frauds")
        background.start(replay(), name="captured traffic")
        total_s = options.epochs * EPOCH_S + LATENESS_S + SETTLE_S
        for passed_s in range(0, total_s, STEP_S):
            await world.clock.sleep(STEP_S)
            hour = f"{passed_s // 3600:02d}:{passed_s % 3600 // 60:02d}"
            progress(0.9 * passed_s / total_s, f"simulated time {hour}")
        for epoch in epochs:
            progress(0.92, "paying the epoch's owners on the chain")
            await world.house.oracle.close_epoch(epoch)
    for app in world.apps:
        await app.agent.tidy()
    progress(0.95, "drawing the map, writing the proof")
    options.output.mkdir(parents=True, exist_ok=True)
    map_png = options.output / "map.png"
    write_atomic(map_png, await draw_map(world), mode=PUBLIC_MODE)
    bundle = await export_proof(world, options.output / "proof.skp")
    frauds.extend(await outcome_of_planted(world))
    result = await collect(world, epochs=epochs, frauds=frauds, captured=sum(captured), bundle=bundle, map_png=map_png)
    if options.leave_epoch_unpaid:
        await world.house.oracle.sign_running_epoch()
    progress(1.0, "done")
    return result


def _mark_ended(folder: OperatorFolder) -> None:
    """A kept demo can be read by `skerry run`, but its network does not go on in real time."""
    folder.write(replace(folder.read(), ended=True))
