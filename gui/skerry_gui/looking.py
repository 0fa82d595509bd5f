"""The agent's own look around, from the window: starts the job `device_scan`, follows it, gives what it found."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from skerry_client.errors import ApiProblem, ClientError
from skerry_client.found import Found
from skerry_client.models import Job
from skerry_gui.link import AgentLink
from skerry_gui.operation import AgentOp
from skerry_gui.operations import look_at_job, scan_devices

__all__ = ["Looking"]

LOOK_EVERY_MS = 500


class Looking(QObject):
    """One scan at most; `progressed` carries percent and words, `ended` comes once with `found` or `problem` set."""

    progressed = Signal(int, str)
    ended = Signal()

    def __init__(self, link: AgentLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._op: AgentOp[Job] | None = None
        self._job_id = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(LOOK_EVERY_MS)
        self._pause.timeout.connect(self._look)
        self.found: Sequence[Found] = ()
        self.problem = ""

    def start(self) -> None:
        """Have the agent scan; a scan that runs already is followed instead."""
        self.stop()
        self.found, self.problem = (), ""
        self._op = scan_devices(link=self._link).success(self._take).failure(self._refused)

    def stop(self) -> None:
        """Follow it no longer; the agent ends it by itself."""
        self._pause.stop()
        if self._op is not None:
            self._op.cancel()
            self._op = None

    def _refused(self, error: ClientError) -> None:
        running = error.params.get("id") if isinstance(error, ApiProblem) and error.code == "E_JOB_RUNNING" else None
        if running is None:
            self._end(problem=str(error))
            return
        self._job_id = running
        self._look()

    def _look(self) -> None:
        self._op = (
            look_at_job(link=self._link, job_id=self._job_id)
            .success(self._take)
            .failure(lambda error: self._end(problem=str(error)))
        )

    def _take(self, job: Job) -> None:
        self._job_id = job.id
        if not job.has_ended:
            self.progressed.emit(round(100 * job.progress), job.message)
            self._pause.start()
        elif job.problem is not None:
            self._end(problem=f"{job.problem.detail} ({job.problem.code}) {job.problem.remedy}".strip())
        elif job.result is None:
            self._end(problem="Somebody cancelled it. Look again.")
        else:
            self._end(found=job.result["devices"])

    def _end(self, *, found: Sequence[Found] = (), problem: str = "") -> None:
        self._op = None
        self.found, self.problem = found, problem
        self.ended.emit()
