"""Schemathesis makes requests from the OpenAPI document, good and bad, and checks every answer against it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from skerry_testing.api import fill, serve_api

DOCUMENT = json.loads(resources.files("skerry_agent.api").joinpath("openapi.json").read_text())
# The event stream has no end; its own tests are in test_stream.py.
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path="/api/v1/events")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A filled agent in a thread of its own; yields base URL and token."""
    folder: Path = tmp_path_factory.mktemp("api")
    started, stop = threading.Event(), threading.Event()
    found: list[str] = []

    async def main() -> None:
        async with serve_api(folder) as served:
            await fill(served)
            found.extend([served.server.address, served.token])
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="api server")
    thread.start()
    assert started.wait(20)
    yield found[0], found[1]
    stop.set()
    thread.join(20)


@schema.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_its_contract(case: schemathesis.Case[Any], server: tuple[str, str]) -> None:
    address, token = server
    case.call_and_validate(base_url=address, headers={"Authorization": f"Bearer {token}"})
