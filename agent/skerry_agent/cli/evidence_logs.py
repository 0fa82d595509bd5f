"""Opens the evidence of an agent's folder for commands that read it, whether the agent runs or not."""

from pathlib import Path

from skerry_agent.evidence import EVIDENCE, EvidenceReader
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_core.errors import NotFoundError

__all__ = ["EvidenceLogs"]


class EvidenceLogs:
    """The evidence logs in an agent's database, open for reading."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def __aenter__(self) -> list[EvidenceReader]:
        if not self._file.exists():
            raise NotFoundError(
                "E_NO_AGENT_DIR", f"{self._file} does not exist.", remedy="Give the agent's folder with --dir."
            )
        self._db = await Database.open(self._file, clock=SystemClock(), migrations=(EVIDENCE,))
        return await EvidenceReader.all_in(self._db)

    async def __aexit__(self, *_exc: object) -> None:
        await self._db.close()
