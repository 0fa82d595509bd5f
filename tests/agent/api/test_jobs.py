"""Jobs through the API: started, watched, cancelled, each answer as the contract says."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from skerry_agent.api.tokens import new_token
from skerry_client import calls
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_client.models import Job
from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.api import Served, serve_api

PATH = "/api/v1/jobs"


async def ended(agent: AgentClient, job: Job) -> Job:
    async with io_timeout(60):
        while not job.has_ended:
            await SystemClock().sleep(0.01)
            job = await agent.call(calls.job(job.id))
    return job


async def test_a_job_is_started_with_202_and_its_place_and_ends_with_a_result(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {served.token}"}
        url = served.server.address + PATH
        async with session.post(url, headers=headers, json={"kind": "backup"}) as response:
            body = await response.json()
            assert (response.status, response.headers["Location"]) == (202, f"{PATH}/{body['job']['id']}")
        async with AgentClient.open(served.server.address, token=served.token) as agent:
            job = await ended(agent, await agent.call(calls.job(body["job"]["id"])))
            assert (job.state, job.progress, job.result, job.problem) == ("done", 1.0, {"file": "/x"}, None)
            assert (job.account, job.kind) == ("local", "backup")
            assert [one.id for one in (await agent.call(calls.jobs())).items] == [job.id]


async def test_a_failed_job_says_why_and_nothing_internal_leaks(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        refused = await ended(agent, await agent.call(calls.start_job("speed_test", url="http://x")))
        assert refused.problem is not None
        assert (refused.state, refused.problem.code, refused.problem.remedy) == (
            "failed", "E_SPEED_TEST", "Check the address.",
        )  # fmt: skip
        broken = await ended(agent, await agent.call(calls.start_job("support_file")))
        assert broken.problem is not None
        assert broken.problem.code == "E_INTERNAL"
        assert "secret detail" not in str(broken)


async def test_a_job_is_cancelled_once(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        job = await agent.call(calls.start_job("device_scan", probing=False))
        async with io_timeout(60):
            while job.progress < 0.25:
                await SystemClock().sleep(0.01)
                job = await agent.call(calls.job(job.id))
        with pytest.raises(ApiProblem, match="E_JOB_RUNNING"):
            await agent.call(calls.start_job("device_scan"))
        assert (await agent.call(calls.cancel_job(job.id))).state == "cancelled"
        with pytest.raises(ApiProblem, match="E_JOB_ENDED"):
            await agent.call(calls.cancel_job(job.id))
        with pytest.raises(ApiProblem, match="E_NO_JOB"):
            await agent.call(calls.cancel_job("none"))
        assert (await agent.call(calls.start_job("device_scan"))).state == "queued"


async def test_watching_needs_read_and_starting_needs_control(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        reader = new_token("reader", ["read"], now_ns=1)
        await served.stores.tokens.add(reader.row)
        async with AgentClient.open(served.server.address, token=reader.secret) as agent:
            assert (await agent.call(calls.jobs())).items == ()
            for call in (calls.start_job("backup"), calls.cancel_job("x")):
                with pytest.raises(ApiProblem, match="E_SCOPE"):
                    await agent.call(call)
        assert served.jobs.all() == []


async def test_wrong_wishes_start_nothing(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        for kind, wishes in (("dig", {}), ("backup", {"file": "/etc/passwd"})):
            with pytest.raises(ApiProblem) as caught:
                await agent.call(calls.start_job(kind, **wishes))
            assert caught.value.status == 400
        assert served.jobs.all() == []


async def test_every_change_is_an_event_that_fits_the_contract(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        await agent.call(calls.start_job("backup"))
        events = agent.events(clock=SystemClock(), after=job_before(served), topics=["jobs"])
        states: list[tuple[Any, Any]] = []
        async with io_timeout(60):
            async for event in events:
                value = event.data["data"]
                schema_of_job().validate(value)
                states.append((value["state"], value["progress"]))
                if value["ended"] is not None:
                    break
        await events.aclose()
    assert states == [("queued", 0.0), ("running", 0.0), ("running", 0.5), ("done", 1.0)]


def job_before(served: Served) -> int:
    return served.hub.last_id >> 32 << 32  # the first id of this start


def schema_of_job() -> Any:
    document = json.loads((Path(calls.__file__).parents[1] / "skerry_agent" / "api" / "openapi.json").read_text())
    job = document["components"]["schemas"]["Job"]
    return jsonschema_rs.Draft202012Validator({**job, "components": document["components"]}, validate_formats=True)
