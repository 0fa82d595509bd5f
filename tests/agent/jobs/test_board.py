"""Bounds, order and ends of jobs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from skerry_agent.api.present import present
from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.jobs.board import KEPT_NS, MAX_KEPT, MAX_RUNNING, Job, JobBoard, JobState, Work
from skerry_agent.jobs.progress import JobStopped, Progress
from skerry_core.clock import SystemClock, io_timeout
from skerry_core.errors import NotFoundError, RefusedError, UsageError


class MovedClock(SystemClock):
    """Monotonic time that a test moves."""

    moved_ns = 0

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() + self.moved_ns


async def at_once(progress: Progress) -> dict[str, Any]:
    return {}


async def for_ever(progress: Progress) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


def board_of(clock: SystemClock, **kinds: Work) -> JobBoard:
    return JobBoard(
        kinds={name: lambda _, work=work: work for name, work in kinds.items()},  # type: ignore[misc]  # bound now
        clock=clock, hub=EventHub(clock=clock), show=present,
    )  # fmt: skip


@asynccontextmanager
async def running(board: JobBoard) -> AsyncIterator[JobBoard]:
    async with Background() as background:
        background.start(board.run(), name="jobs")
        yield board


async def end_of(board: JobBoard, job: Job) -> Job:
    async with io_timeout(60):
        while not (now := board.get(job.id)).state.has_ended:
            await SystemClock().sleep(0.005)
    return now


async def test_only_a_few_run_at_once_and_one_of_a_kind() -> None:
    kinds = {f"k{number}": for_ever for number in range(MAX_RUNNING + 1)}
    async with running(board_of(SystemClock(), **kinds)) as board:
        jobs = [board.start(f"k{number}", {}, account="a") for number in range(MAX_RUNNING)]
        with pytest.raises(RefusedError, match="E_JOBS_BUSY"):
            board.start(f"k{MAX_RUNNING}", {}, account="a")
        with pytest.raises(RefusedError, match="E_JOB_RUNNING"):
            board.start("k0", {}, account="a")
        board.cancel(jobs[0].id)
        board.start(f"k{MAX_RUNNING}", {}, account="a")
        assert [job.kind for job in board.all()] == [f"k{MAX_RUNNING}", "k2", "k1", "k0"]


async def test_a_job_cancelled_before_its_turn_never_runs() -> None:
    ran = []

    async def note(progress: Progress) -> dict[str, Any]:
        ran.append(1)
        return {}

    board = board_of(SystemClock(), k=note, other=at_once)
    job = board.start("k", {}, account="a")
    assert board.cancel(job.id).state is JobState.CANCELLED
    async with running(board):
        await end_of(board, board.start("other", {}, account="a"))
    assert ran == []


async def test_a_thread_of_a_cancelled_job_stops_where_it_tells_how_far_it_is() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def slow(progress: Progress) -> dict[str, Any]:
        def work() -> None:
            try:
                while True:
                    progress(0.5, "working")
            except JobStopped:
                loop.call_soon_threadsafe(stopped.set)

        await asyncio.to_thread(work)
        return {}

    async with running(board_of(SystemClock(), k=slow)) as board, io_timeout(60):
        job = board.start("k", {}, account="a")
        while board.get(job.id).progress < 0.5:
            await SystemClock().sleep(0.005)
        assert board.cancel(job.id).state is JobState.CANCELLED
        await stopped.wait()
        assert board.get(job.id).state is JobState.CANCELLED


async def test_progress_goes_forwards_only_and_ends_at_one() -> None:
    seen: list[float] = []

    async def work(progress: Progress) -> dict[str, Any]:
        for fraction in (0.2, 0.1, 7.0, -1.0):
            progress(fraction, f"{fraction}")
        return {}

    def show(job: Job) -> Mapping[str, Any]:
        seen.append(job.progress)
        return {}

    clock = SystemClock()
    board = JobBoard(kinds={"k": lambda _: work}, clock=clock, hub=EventHub(clock=clock), show=show)
    async with running(board):
        await end_of(board, board.start("k", {}, account="a"))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


async def test_ended_jobs_are_kept_for_a_day_and_only_so_many() -> None:
    clock = MovedClock()
    async with running(board_of(clock, k=at_once)) as board:
        jobs = [await end_of(board, board.start("k", {}, account="a")) for _ in range(MAX_KEPT + 2)]
        assert len(board.all()) == MAX_KEPT
        with pytest.raises(NotFoundError, match="E_NO_JOB"):
            board.get(jobs[0].id)
        clock.moved_ns = KEPT_NS + 1
        assert board.all() == []


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="Jobs of this agent are k"):
            board_of(SystemClock(), k=at_once).start("x", {}, account="a")

    asyncio.run(main())
