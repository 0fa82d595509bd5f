"""The jobs of one agent: started, watched, cancelled, forgotten. The API asks it; the service runs it.

Jobs live in memory: a restart forgets them, never what they made (a backup file). A job's states::

    queued -> running -> done | failed | cancelled
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from skerry_agent.events import EventHub
from skerry_agent.jobs.progress import JobStopped, Progress
from skerry_agent.store.rows import JsonObject
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import NotFoundError, RefusedError, UsageError, UserError

__all__ = ["Job", "JobBoard", "JobState", "Prepare", "Work"]

MAX_RUNNING = 3  # a Pi does no more at once without its radio work suffering
MAX_KEPT = 50  # ended jobs
KEPT_NS = 86_400 * NS_PER_S
TOPIC = "jobs"
_log = logging.getLogger(__name__)

Work = Callable[[Progress], Awaitable[JsonObject]]
# Checks what a client asks for and returns the work; raises `UserError` before anything is started.
Prepare = Callable[[Mapping[str, Any]], Work]


class JobState(Enum):
    """Where a job is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; `progress` from 0 to 1, `result` when done, `problem` (code, detail, remedy) when failed."""

    id: str
    kind: str
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    message: str = "waiting"
    result: JsonObject | None = None
    problem: JsonObject | None = None
    account: str
    created_ns: int
    ended_ns: int | None = None


class JobBoard:
    """All jobs, by id, oldest first; every method belongs to the event loop's thread. `show` makes a job an event."""

    def __init__(
        self, *, kinds: Mapping[str, Prepare], clock: Clock, hub: EventHub, show: Callable[[Job], Mapping[str, Any]]
    ) -> None:
        self._kinds = dict(kinds)
        self._clock = clock
        self._hub = hub
        self._show = show
        self._jobs: dict[str, Job] = {}
        self._ended_ns: dict[str, int] = {}  # by the monotonic clock: wall time may jump
        self._queued: dict[str, Work] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._more = asyncio.Event()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of jobs that this agent does."""
        return tuple(sorted(self._kinds))

    def start(self, kind: str, wishes: Mapping[str, Any], *, account: str) -> Job:
        """Queue a job and return it.

        Raises `UsageError` E_JOB_KIND and what the kind says of the wishes, `RefusedError` E_JOB_RUNNING (one of the
        kind is not over yet), E_JOBS_BUSY.
        """
        prepare = self._kinds.get(kind)
        if prepare is None:
            raise UsageError("E_JOB_KIND", f"Jobs of this agent are {', '.join(self.kinds) or 'none'}.")
        going = [job for job in self._jobs.values() if not job.state.has_ended]
        for job in going:
            if job.kind == kind:
                raise RefusedError(
                    "E_JOB_RUNNING", f"A {kind} is running already.",
                    remedy=f"Watch it: skerry jobs show {job.id} - or stop it: skerry jobs cancel {job.id}",
                    params={"id": job.id},
                )  # fmt: skip
        if len(going) >= MAX_RUNNING:
            raise RefusedError(
                "E_JOBS_BUSY", f"{MAX_RUNNING} jobs are running.", remedy="Wait for one to end: skerry jobs list"
            )
        work = prepare(wishes)
        self._forget_old()
        job = Job(id=secrets.token_hex(8), kind=kind, account=account, created_ns=self._clock.wall_ns())
        self._queued[job.id] = work
        self._more.set()
        return self._put(job)

    def all(self) -> list[Job]:
        """Return the jobs, newest first."""
        self._forget_old()
        return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> Job:
        """Return one job. Raises `NotFoundError` E_NO_JOB."""
        self._forget_old()
        if job_id not in self._jobs:
            raise NotFoundError(
                "E_NO_JOB", "There is no such job.",
                remedy="Jobs are kept for a day and not across a restart; see: skerry jobs list",
                params={"id": job_id},
            )  # fmt: skip
        return self._jobs[job_id]

    def cancel(self, job_id: str) -> Job:
        """Stop a job; return it as cancelled. Raises `NotFoundError`, `RefusedError` E_JOB_ENDED."""
        job = self.get(job_id)
        if job.state.has_ended:
            raise RefusedError("E_JOB_ENDED", f"The job has ended: it is {job.state.value}.", params={"id": job_id})
        task = self._tasks.get(job_id)
        self._end(job, JobState.CANCELLED, message="cancelled")
        if task is not None:
            task.cancel()
        return self._jobs[job_id]

    async def run(self) -> None:
        """Do the jobs until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._more.wait()
                self._more.clear()
                while self._queued:
                    job_id = next(iter(self._queued))
                    work = self._queued.pop(job_id)
                    self._tasks[job_id] = group.create_task(self._do(job_id, work), name=f"job {job_id}")

    async def _do(self, job_id: str, work: Work) -> None:
        job = self._change(job_id, state=JobState.RUNNING, message="started")
        progress = Progress(lambda fraction, words: self._note(job_id, fraction, words))
        try:
            result = await work(progress)
            self._end(job, JobState.DONE, progress=1.0, message="done", result=result)
        except JobStopped:
            return  # told from a thread that the job was cancelled
        except UserError as error:
            self._fail(job, error)
        except Exception:  # noqa: BLE001 - edge of a job: its client is told, the agent goes on
            _log.exception("job %s (%s) failed", job_id, job.kind)
            self._fail(job, UserError("E_INTERNAL", "Internal error.", remedy="See the log."))
        finally:
            progress.stop()

    def _fail(self, job: Job, error: UserError) -> None:
        self._end(job, JobState.FAILED, message=error.detail, problem=error.problem())

    def _note(self, job_id: str, fraction: float, words: str) -> None:
        job = self._jobs.get(job_id)
        if job is None or job.state is not JobState.RUNNING:
            return
        fraction = min(max(fraction, job.progress), 1.0)  # never backwards
        if words != job.message or int(fraction * 100) > int(job.progress * 100):
            self._change(job_id, progress=fraction, message=words)

    def _end(self, job: Job, state: JobState, **changes: Any) -> None:
        if self._jobs[job.id].state.has_ended:
            return
        self._queued.pop(job.id, None)
        self._tasks.pop(job.id, None)
        self._ended_ns[job.id] = self._clock.monotonic_ns()
        ended = self._change(job.id, state=state, ended_ns=self._clock.wall_ns(), **changes)
        _log.info("job %s (%s): %s", ended.id, ended.kind, ended.message)

    def _change(self, job_id: str, **changes: Any) -> Job:
        return self._put(replace(self._jobs[job_id], **changes))

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        self._hub.publish(TOPIC, self._show(job))
        return job

    def _forget_old(self) -> None:
        now_ns = self._clock.monotonic_ns()
        ended = list(self._ended_ns)
        old = [job_id for job_id in ended if now_ns - self._ended_ns[job_id] > KEPT_NS]
        for job_id in {*old, *ended[: max(0, len(ended) - MAX_KEPT)]}:
            del self._jobs[job_id], self._ended_ns[job_id]
