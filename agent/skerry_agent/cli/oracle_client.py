"""How `skerry oracle ...` reaches the admin API of an oracle or of an agent's operator."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skerry_agent.cli.context import Cli
from skerry_agent.operator.oracle_folder import OracleFolder
from skerry_core import strict_json
from skerry_core.clock import io_timeout
from skerry_core.errors import NotFoundError, RefusedError, UserError

__all__ = ["OracleNotRunning", "ask"]

ANSWER_TIMEOUT_S = 30.0  # a registration under the fee policy waits for a burn to become final
MAX_ANSWER_BYTES = 1 << 28


class OracleNotRunning(UserError):
    """The admin API does not answer."""

    exit_code = 3  # as for an agent that does not run


def ask(cli: Cli, method: str, path: str, body: object = None, **query: object) -> Any:
    """Ask the oracle of this folder; return its JSON answer, or its bytes. Raises `UserError` with its own code.

    That is the one of `skerry oracle init`, which must run, or else the agent's own operator. An operator whose agent
    does not run is opened for the question, under the agent's lock.
    """
    request = _Request(method, path, body, {name: str(value) for name, value in query.items() if value is not None})
    own = OracleFolder.of(cli.paths)
    if own.settings.exists() or not (cli.paths.state / "operator" / "network.json").exists():
        return asyncio.run(_ask(own.path, request))
    return asyncio.run(_ask_operator(cli, request))


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: object
    query: dict[str, str]


async def _ask_operator(cli: Cli, request: _Request) -> Any:
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.operator.embedded import served_offline
    from skerry_agent.operator.network_file import OperatorFolder
    from skerry_core.clock import SystemClock

    folder = OperatorFolder(cli.paths.state / "operator")
    try:
        return await _ask(folder.path, request)
    except OracleNotRunning:
        pass
    with InstanceLock(cli.paths.lock):
        async with served_offline(folder, clock=SystemClock(), random_bytes=os.urandom):
            return await _ask(folder.path, request)


async def _ask(folder: Path, request: _Request) -> Any:
    import aiohttp

    try:
        address = (folder / "admin.address").read_text()
        token = (folder / "admin.token").read_text()
    except FileNotFoundError:
        raise _not_running(folder) from None
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{address}/admin/v1{request.path}"
    try:
        async with (
            io_timeout(ANSWER_TIMEOUT_S),
            aiohttp.ClientSession(headers=headers) as session,
            session.request(request.method, url, json=request.body, params=request.query) as answer,
        ):
            raw = await answer.read()
            status, content_type = answer.status, answer.content_type
    except (aiohttp.ClientConnectionError, TimeoutError):
        raise _not_running(folder) from None
    if status < 400 and content_type != "application/json":
        return raw
    content = strict_json.loads(raw, limit_bytes=MAX_ANSWER_BYTES) if raw else None
    if status >= 400:
        raise _refusal(status, content if isinstance(content, dict) else {})
    return content


def _refusal(status: int, problem: dict[str, Any]) -> UserError:
    kind = {404: NotFoundError, 409: RefusedError}.get(status, UserError)
    title = str(problem.get("title") or f"The oracle answered with status {status}.")
    return kind(str(problem.get("code", "E_ORACLE")), title)


def _not_running(folder: Path) -> UserError:
    return OracleNotRunning(
        "E_ORACLE_NOT_RUNNING", f"No oracle runs in {folder}.", remedy="Start it: skerry oracle run"
    )
