"""The OpenAPI document is the contract: routes equal paths, and every answer fits its schema."""

import asyncio
import json
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from skerry_agent.api.tokens import new_token
from skerry_agent.settings.live import Reloaded
from skerry_testing.api import FakeBeacons, Served, fill, serve_api

DOCUMENT: dict[str, Any] = json.loads(resources.files("skerry_agent.api").joinpath("openapi.json").read_text())


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


def documented(method: str, path: str, status: int) -> dict[str, Any]:
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    found = responses.get(str(status), responses["default"])
    if "$ref" in found:
        found = DOCUMENT["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return dict(found["content"])


async def ask(
    served: Served, target: str, *, path: str | None = None, method: str = "GET", token: str | None = "", **more: Any
) -> tuple[int, Any]:
    """Call, check the answer against the contract, return status and body."""
    headers = dict(more.pop("headers", {}))
    if token is not None:
        headers.setdefault("Authorization", f"Bearer {token or served.token}")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, served.server.address + target, headers=headers, **more) as response,
    ):
        content = documented(method, path or target, response.status)
        assert response.content_type in content, (response.status, response.content_type)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        body = await response.read()
    if response.content_type == "text/plain":
        return response.status, body.decode()
    value = json.loads(body)
    validator(content[response.content_type]["schema"]).validate(value)
    return response.status, value


def test_the_document_is_openapi_3_1() -> None:
    import schemathesis

    assert DOCUMENT["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(DOCUMENT).validate()


async def test_routes_and_paths_are_the_same(tmp_path: Path) -> None:
    in_document = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    async with serve_api(tmp_path) as served:
        assert {(route.method, route.path) for route in served.server.routes} == in_document
        for route in served.server.routes:
            operation = DOCUMENT["paths"][route.path][route.method.lower()]
            assert (operation.get("security") == []) == (route.scope is None), route.path
            if route.scope:
                assert f"scope {route.scope}" in operation["summary"], route.path


PLAIN = [
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/api/v1/status", "/api/v1/capabilities", "/api/v1/devices",
    "/api/v1/packets", "/api/v1/beacons", "/api/v1/witnesses", "/api/v1/rewards", "/api/v1/balances",
    "/api/v1/outbox", "/api/v1/audit", "/api/v1/jobs",
]  # fmt: skip


@pytest.mark.parametrize("filled", [False, True])
async def test_every_list_and_page_keeps_the_contract(tmp_path: Path, filled: bool) -> None:
    async with serve_api(tmp_path) as served:
        if filled:
            await fill(served)
        for path in PLAIN:
            status, body = await ask(served, path)
            assert status == 200, path
            if path.startswith("/api/v1") and "items" in body and path not in ("/api/v1/audit", "/api/v1/balances"):
                assert bool(body["items"]) == filled, path


async def test_values_are_what_was_stored(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        _, rewards = await ask(served, "/api/v1/rewards")
        assert rewards["items"][0]["amount"] == str(1 << 60)
        assert rewards["test_tokens"] is False
        _, packets = await ask(served, "/api/v1/packets")
        assert packets["items"][0]["phy_hex"] == "40"
        assert packets["items"][0]["at"] == "2026-09-21T14:13:23.000Z"
        _, devices = await ask(served, "/api/v1/devices")
        assert (devices["items"][0]["state"], devices["items"][0]["details"]) == ("up", {"fw": "1"})
        _, balances = await ask(served, "/api/v1/balances")
        assert [item["amount"] for item in balances["items"]] == [str((1 << 64) - 1), None]
        _, status = await ask(served, "/api/v1/status")
        assert status["devices"] == {"up": 1, "down": 0, "unknown": 0}
        assert status["operator"]["is_set"] is False
        assert "nothing will be paid" in status["summary"]


async def test_test_tokens_are_marked_everywhere(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        served.view.test_tokens = True
        for path in PLAIN[4:]:
            _, body = await ask(served, path)
            assert body["test_tokens"] is True, path


async def test_a_device_not_seen_since_the_start_is_unknown(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        served.view.live.clear()
        _, devices = await ask(served, "/api/v1/devices")
        assert devices["items"][0]["state"] == "unknown"


async def test_pages_are_walked_by_cursor(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served, count=5)
        seen: list[str] = []
        cursor = ""
        while True:
            _, page = await ask(served, f"/api/v1/witnesses?limit=2{cursor}", path="/api/v1/witnesses")
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == ["w5", "w4", "w3", "w2", "w1"]


async def test_explanations_and_filters(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        _, why = await ask(served, "/api/v1/witnesses/w1/explain", path="/api/v1/witnesses/{id}/explain")
        assert (why["reason"], why["findings"][0]["fault"]) == ("too_close", "location")
        _, why = await ask(served, "/api/v1/rewards/r1/explain", path="/api/v1/rewards/{id}/explain")
        assert why["steps"][0]["id"] == "w1"
        for query, count in (("verdict=valid", 0), ("verdict=invalid", 3)):
            _, page = await ask(served, f"/api/v1/witnesses?{query}", path="/api/v1/witnesses")
            assert len(page["items"]) == count
        for kind, resource in (("witness", "witnesses"), ("reward", "rewards")):
            target = f"/api/v1/{resource}/nothing/explain"
            status, body = await ask(served, target, path=f"/api/v1/{resource}/{{id}}/explain")
            assert (status, body["code"]) == (404, f"E_NO_{kind.upper()}")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "E_QUERY"),
        ("limit=501", "E_QUERY"),
        ("limit=1.5", "E_QUERY"),
        ("limit=%D9%A3", "E_QUERY"),
        ("limit=1&limit=2", "E_QUERY"),
        ("color=1", "E_QUERY"),
        ("cursor=x", "E_CURSOR"),
        ("cursor=", "E_QUERY"),
        ("verdict=maybe", "E_QUERY"),
        ("cursor=%FF%FE", "E_QUERY"),
    ],
)
async def test_a_wrong_query_is_a_400_with_a_code(tmp_path: Path, query: str, code: str) -> None:
    async with serve_api(tmp_path) as served:
        status, body = await ask(served, f"/api/v1/witnesses?{query}", path="/api/v1/witnesses")
        assert (status, body["code"]) == (400, code)


DEVICE = "/api/v1/devices/{id}"


async def test_an_owner_confirms_a_region_and_it_is_told_stored_and_audited(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        watch = served.hub.subscribe()
        status, body = await ask(
            served, "/api/v1/devices/d1", path=DEVICE, method="PATCH", json={"region": "EU868", "name": "roof 2"}
        )
        assert (status, body["device"]["region"], body["device"]["name"]) == (200, "EU868", "roof 2")
        assert served.view.confirmed == [("d1", "EU868")]
        assert len(watch.take()) == 1
        _, audit = await ask(served, "/api/v1/audit")
        assert [(line["account"], line["action"], line["outcome"]) for line in audit["items"]] == [
            ("local", "PATCH /api/v1/devices/d1", "200")
        ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "E_JSON"),
        (b"{", 400, "E_JSON"),
        (b"\xff", 400, "E_JSON"),
        (b"[" * 20_000, 400, "E_JSON"),
        (b'{"name": NaN}', 400, "E_JSON"),
        (b'{"name": "a", "name": "b"}', 400, "E_JSON"),
        (b"[]", 400, "E_BODY"),
        (b"{}", 400, "E_BODY"),
        (b'{"colour": 1}', 400, "E_BODY"),
        (b'{"name": 1}', 400, "E_NAME"),
        (b'{"name": "\\ud800"}', 400, "E_NAME"),
        (b'{"name": ""}', 400, "E_NAME"),
        (b'{"region": "MARS"}', 400, "E_REGION"),
        (b'{"region": ["EU868"]}', 400, "E_REGION"),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413, "E_TOO_LARGE"),
    ],
)
async def test_a_wrong_body_is_refused_with_a_code(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        headers = {"Content-Type": "application/json"}
        got, problem = await ask(served, "/api/v1/devices/d1", path=DEVICE, method="PATCH", data=body, headers=headers)
        assert (got, problem["code"]) == (status, code)


async def test_other_failures_are_problems_too(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        got, problem = await ask(served, "/api/v1/devices/nothing", path=DEVICE, method="PATCH", json={"name": "x"})
        assert (got, problem["code"]) == (404, "E_NO_DEVICE")
        got, problem = await ask(served, "/api/v1/devices/d", path=DEVICE, method="PATCH", data=b"x")
        assert problem["code"] == "E_CONTENT_TYPE"
        got, problem = await ask(served, "/nowhere", path="/healthz")
        assert (got, problem["code"]) == (404, "E_NOT_FOUND")
        async with aiohttp.ClientSession() as session, session.delete(served.server.address + "/healthz") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
            assert (await answer.json(content_type="application/problem+json"))["code"] == "E_METHOD"


async def test_a_mistake_of_ours_is_a_500_that_says_nothing_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve_api(tmp_path) as served:
        served.view.broken = True
        status, body = await ask(served, "/api/v1/status")
        assert (status, body["code"]) == (500, "E_INTERNAL")
        assert "secret detail" not in str(body)
    assert "secret detail" in caplog.text


async def test_readiness_names_what_is_missing(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        served.view.checks["radio"] = False
        status, body = await ask(served, "/readyz", token=None)
        assert (status, body) == (503, {"status": "not_ready", "checks": {"radio": False, "stores": True}})


async def test_requests_are_counted_by_route_and_code(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await ask(served, "/api/v1/witnesses/nothing/explain", path="/api/v1/witnesses/{id}/explain")
        _, text = await ask(served, "/metrics")
        assert 'skerry_api_requests_total{route="/api/v1/witnesses/{id}/explain",code="404"} 1\n' in text


async def test_a_body_that_never_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_agent.api.requests.BODY_LIMIT_S", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await asyncio.Event().wait()

    async with serve_api(tmp_path) as served:
        headers = {"Content-Type": "application/json"}
        got, problem = await ask(served, "/api/v1/devices/d", path=DEVICE, method="PATCH", data=slow(), headers=headers)
        assert (got, problem["code"]) == (400, "E_SLOW_BODY")


async def test_the_settings_are_read_again_on_request(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        status, body = await ask(served, "/api/v1/config/reload", method="POST")
        assert (status, body["code"]) == (409, "E_NO_RELOAD")

        async def reload() -> Reloaded:
            served.server.open_metrics(True)
            return Reloaded(applied=("api.metrics_open",), restart=("api.port",), warnings=())

        assert (await ask(served, "/metrics", token=None))[0] == 401
        served.server.serve_reload(reload)
        status, body = await ask(served, "/api/v1/config/reload", method="POST")
        assert (status, body["applied"], body["restart"]) == (200, ["api.metrics_open"], ["api.port"])
        assert (await ask(served, "/metrics", token=None))[0] == 200
        served.server.open_metrics(False)
        assert (await ask(served, "/metrics", token=None))[0] == 401


async def test_a_beacon_is_sent_only_with_commit_and_the_scope_control(tmp_path: Path) -> None:
    path = "/api/v1/beacons"
    async with serve_api(tmp_path) as served:
        status, body = await ask(served, path, method="POST", json={"commit": False})
        assert (status, body["code"]) == (409, "E_NO_BEACONS")
        beacons = FakeBeacons()
        served.server.serve_beacons(beacons)
        for wrong in ({}, {"commit": 1}, {"commit": "true"}, {"commit": True, "more": 1}):
            assert (await ask(served, path, method="POST", json=wrong))[0] == 400
        status, body = await ask(served, path, method="POST", json={"commit": False})
        assert (status, body["eirp_ddbm"], body["beacon"], beacons.sent) == (200, 152, None, 0)
        reader = new_token("reader", ["read"], now_ns=1)
        await served.stores.tokens.add(reader.row)
        status, body = await ask(served, path, method="POST", json={"commit": True}, token=reader.secret)
        assert (status, body["code"], beacons.sent) == (403, "E_SCOPE", 0)
        status, body = await ask(served, path, method="POST", json={"commit": True})
        assert (status, body["beacon"], beacons.sent) == (200, "b9", 1)
        beacons.refusal = "E_TX_DUTY"
        status, body = await ask(served, path, method="POST", json={"commit": True})
        assert (status, body["code"], beacons.sent) == (409, "E_TX_DUTY", 1)
