"""`skerry oracle` on an agent's own operator: asked while the agent runs, opened for the question while it does not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.cli.exits import run_command
from skerry_agent.cli.group import root
from skerry_agent.instance_lock import InstanceLock
from skerry_client.paths import choose_paths
from skerry_testing.agents import NETWORK, AgentProcess, create_agent

Skerry = Callable[..., str]


@pytest.fixture
def skerry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Skerry:
    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert run_command(root, ["--dir", str(tmp_path), "oracle", *arguments]) == code
        out, err = capsys.readouterr()
        return err if code else out

    return run


def route_file(folder: Path, name: str, **changes: Any) -> str:
    route = {
        "id": name, "oui": 7, "net_id": "00003C", "max_copies": 1,
        "dev_addr_ranges": [["78000000", "78000007"]],
        "server": {"protocol": "gwmp", "host": "127.0.0.1", "port": 1700},
    } | changes  # fmt: skip
    file = folder / f"{name}.json"
    file.write_text(json.dumps(route))
    return str(file)


async def test_an_agents_routes_are_changed_while_it_runs_and_while_it_does_not(tmp_path: Path, skerry: Skerry) -> None:
    await create_agent(tmp_path)

    def names() -> list[str]:
        return [one["id"] for one in json.loads(skerry("route", "list", "--json"))["items"]]

    def while_stopped() -> None:
        assert names() == ["demo"]
        assert skerry("route", "add", route_file(tmp_path, "farm")) == "farm\n"
        assert "gwmp 127.0.0.1:1700" in skerry("route", "list")
        assert "E_CREDITS_ON_CHAIN" in skerry("credit", "7", "5", code=5)
        assert {one["oui"] for one in json.loads(skerry("organisations", "--json"))["items"]} == {1, 7}

    def while_running() -> None:
        assert names() == ["demo", "farm"]  # the agent has read what was stored without it
        skerry("route", "add", route_file(tmp_path, "harbour"))
        skerry("route", "remove", "farm")
        assert names() == ["demo", "harbour"]
        assert json.loads(skerry("list", "--json"))["items"][0]["state"] == "admitted"

    await asyncio.to_thread(while_stopped)
    agent = AgentProcess(tmp_path)
    try:
        await agent.ready()
        await asyncio.to_thread(while_running)
    finally:
        assert await asyncio.to_thread(agent.stop) == 0
    assert not (agent.paths.state / "operator" / "admin.token").exists()
    assert await asyncio.to_thread(names) == ["demo", "harbour"]


async def test_mistakes_are_told_and_change_nothing(tmp_path: Path, skerry: Skerry) -> None:
    await create_agent(tmp_path)

    def mistakes() -> None:
        assert "E_ROUTE" in skerry("route", "add", route_file(tmp_path, "bad", max_copies=-1), code=1)
        (tmp_path / "none.json").write_text("{")
        assert "E_JSON" in skerry("route", "add", str(tmp_path / "none.json"), code=2)
        assert "E_NO_ROUTE" in skerry("route", "remove", "a/b", code=1)
        assert "E_OPERATOR_EXISTS" in skerry("init", "--network", NETWORK, code=5)
        with InstanceLock(choose_paths(tmp_path, environ={}).lock):  # an agent that has not opened its admin API yet
            assert "E_RUNNING" in skerry("route", "list", code=5)

    await asyncio.to_thread(mistakes)
