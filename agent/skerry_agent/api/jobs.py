"""`/api/v1/jobs`: long actions are started with 202 and a place to look, watched, and cancelled."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from skerry_agent.api.guard import ACCOUNT
from skerry_agent.api.present import present
from skerry_agent.api.requests import json_answer, json_object, path_id, query_of
from skerry_agent.jobs.board import Job, JobBoard
from skerry_core.errors import UsageError

__all__ = ["JOBS_PATH", "JobRoutes"]

JOBS_PATH = "/api/v1/jobs"
WISHES = {"kind", "probing", "url", "budget_mb", "limit_s"}  # of every kind; each checks its own


class JobRoutes:
    """The handlers of the jobs; `envelope()` returns what every answer carries."""

    def __init__(self, *, board: JobBoard, envelope: Callable[[], dict[str, Any]]) -> None:
        self._board = board
        self._envelope = envelope

    async def start(self, request: web.Request) -> web.Response:
        """Start a job: 202, and `Location` says where to look."""
        query_of(request)
        wishes = await json_object(request, WISHES)
        kind = wishes.pop("kind", None)
        if not isinstance(kind, str):
            raise UsageError("E_BODY", "kind is the kind of job.")
        job = self._board.start(kind, wishes, account=request[ACCOUNT].id)
        answer = self._answer(job, status=202)
        answer.headers["Location"] = f"{JOBS_PATH}/{job.id}"
        return answer

    async def list(self, request: web.Request) -> web.Response:
        """The jobs since the start, newest first."""
        query_of(request)
        return json_answer(self._envelope() | {"items": [present(job) for job in self._board.all()]})

    async def one(self, request: web.Request) -> web.Response:
        """One job: how far it is, what came of it."""
        query_of(request)
        return self._answer(self._board.get(path_id(request, "job")))

    async def cancel(self, request: web.Request) -> web.Response:
        """Stop a job."""
        query_of(request)
        return self._answer(self._board.cancel(path_id(request, "job")))

    def _answer(self, job: Job, *, status: int = 200) -> web.Response:
        return json_answer(self._envelope() | {"job": present(job)}, status=status)
