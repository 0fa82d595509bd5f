"""How `skerry oracle ...` reaches a running oracle's admin API, and the oracle's own folder."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skerry_agent.cli.context import Cli
from skerry_core import strict_json
from skerry_core.clock import io_timeout
from skerry_core.errors import NotFoundError, RefusedError, UserError

__all__ = ["OracleFolder", "OracleNotRunning", "ask"]

ANSWER_TIMEOUT_S = 30.0  # a registration under the fee policy waits for a burn to become final
MAX_ANSWER_BYTES = 1 << 28


class OracleNotRunning(UserError):
    """The admin API does not answer."""

    exit_code = 3  # as for an agent that does not run


@dataclass(frozen=True, slots=True)
class OracleFolder:
    """The files of an oracle below the state folder."""

    path: Path

    @classmethod
    def of(cls, cli: Cli) -> "OracleFolder":
        """Return the folder of this invocation."""
        return cls(cli.paths.state / "oracle")

    @property
    def settings(self) -> Path:
        """Network, profile, policy."""
        return self.path / "oracle.json"

    @property
    def key(self) -> Path:
        """The oracle's signing key, mode 0600."""
        return self.path / "oracle.key"

    @property
    def database(self) -> Path:
        """The default store."""
        return self.path / "oracle.db"

    def read(self) -> dict[str, Any]:
        """Return the settings. Raises `NotFoundError` E_NO_ORACLE."""
        try:
            return dict(strict_json.loads(self.settings.read_bytes()))
        except FileNotFoundError:
            raise NotFoundError(
                "E_NO_ORACLE",
                f"There is no oracle in {self.path}.",
                remedy="Make one: skerry oracle init --network NAME",
            ) from None


def ask(cli: Cli, method: str, path: str, body: object = None, **query: object) -> Any:
    """Ask the running oracle; return its JSON answer. Raises `UserError` with the oracle's own code."""
    return asyncio.run(_ask(OracleFolder.of(cli), method, path, body, query))


async def _ask(folder: OracleFolder, method: str, path: str, body: object, query: dict[str, object]) -> Any:
    import aiohttp

    try:
        address = (folder.path / "admin.address").read_text()
        token = (folder.path / "admin.token").read_text()
    except FileNotFoundError:
        raise _not_running(folder) from None
    parameters = {name: str(value) for name, value in query.items() if value is not None}
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            io_timeout(ANSWER_TIMEOUT_S),
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{address}/admin/v1{path}", json=body, params=parameters) as answer,
        ):
            raw = await answer.read()
            status = answer.status
    except (aiohttp.ClientConnectionError, TimeoutError):
        raise _not_running(folder) from None
    content = strict_json.loads(raw, limit_bytes=MAX_ANSWER_BYTES) if raw else None
    if status >= 400:
        raise _refusal(status, content if isinstance(content, dict) else {})
    return content


def _refusal(status: int, problem: dict[str, Any]) -> UserError:
    kind = {404: NotFoundError, 409: RefusedError}.get(status, UserError)
    title = str(problem.get("title") or f"The oracle answered with status {status}.")
    return kind(str(problem.get("code", "E_ORACLE")), title)


def _not_running(folder: OracleFolder) -> UserError:
    return OracleNotRunning(
        "E_ORACLE_NOT_RUNNING", f"No oracle runs in {folder.path}.", remedy="Start it: skerry oracle run"
    )
