"""The admin API and the whole service: what an operator does to a running oracle."""

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from skerry_keys.public_key import PublicKey
from skerry_oracle.admin.access import READ, AdminTokens
from skerry_oracle.service import OracleService, ServiceAddresses
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import SeededRandom, make_oracle, registration, signer, simulated

GATEWAY, OWNER = signer("gateway"), signer("owner")
ADDRESS = PublicKey(GATEWAY.public_key).address
ROUTE = {
    "id": "r1", "oui": 1, "net_id": "00003C", "max_copies": 2, "dev_addr_ranges": [["78000000", "78000007"]],
    "session_keys": [{"dev_addr": "78000001", "key": "00" * 16}],
    "server": {"protocol": "gwmp", "host": "127.0.0.1", "port": 1700},
}  # fmt: skip


class Admin:
    """Asks the admin API; keeps simulated time still while it waits."""

    def __init__(self, base: str, token: str, clock: SimulatedClock, service: OracleService) -> None:
        self.base, self.token, self.clock, self.service = base, token, clock, service

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | headers
        with self.clock.hold("test"):
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, self.base + path, json=body, headers=headers) as answer,
            ):
                return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


@contextlib.asynccontextmanager
async def running(folder: Path, clock: SimulatedClock) -> AsyncIterator[Admin]:
    oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock)
    addresses = ServiceAddresses(grpc=("127.0.0.1:0",), admin="127.0.0.1:0")
    service = OracleService(oracle, folder=folder, addresses=addresses)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(service.run(started))
        await started.wait()
        base = (folder / "admin.address").read_text() + "/admin/v1"
        yield Admin(base, (folder / "admin.token").read_text(), clock, service)
        serving.cancel()


def register_body() -> dict[str, str]:
    record, by_gateway, by_owner = registration(GATEWAY, OWNER)
    return {
        "record": record.to_bytes().hex(),
        "gateway_signature": by_gateway.hex(),
        "owner_signature": by_owner.hex(),
    }


def test_an_operator_registers_admits_denies_and_routes(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as ask:
            status, answer = await ask("POST", "/hotspots", register_body())
            assert (status, answer["state"]) == (200, "pending")
            assert (await ask("POST", f"/hotspots/{ADDRESS}/admit"))[1]["state"] == "admitted"
            assert [one["gateway"] for one in (await ask("GET", "/hotspots"))[1]["items"]] == [ADDRESS]
            assert (await ask("POST", "/denylist", {"keys": [ADDRESS]}))[1]["serial"] == 1
            assert (await ask("GET", "/denylist"))[1]["keys"] == [ADDRESS]
            status, route = await ask("PUT", "/routes", ROUTE)
            assert (status, route["session_keys"]) == (200, [{"dev_addr": "78000001"}])
            assert "0000000000000000" not in str(await ask("GET", "/routes"))
            assert (await ask("DELETE", "/routes/r1"))[0] == 204
            assert (await ask("DELETE", "/routes/r1"))[1]["code"] == "E_NO_ROUTE"
            assert (await ask("GET", "/status"))[1]["hotspots"] == 1
            (value,) = (await ask("GET", "/entropy"))[1]["items"]
            assert value["published_ms"] is not None
            assert (await ask("GET", "/counts"))[1] == {}
            assert (await ask("GET", "/epochs"))[1]["items"][0]["state"] == "open"

    simulated(main)


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/hotspots", {"record": "zz"}, "E_MEMBER"),
        ("POST", "/hotspots", register_body() | {"record": "00"}, "E_RECORD_MALFORMED"),
        ("POST", "/hotspots", register_body() | {"owner_signature": "00"}, "E_BAD_SIGNATURE"),
        ("POST", "/hotspots", [1], "E_JSON"),
        ("POST", "/hotspots/nobody/admit", None, "E_ADDRESS"),
        ("POST", f"/hotspots/{ADDRESS}/admit", None, "E_NOT_REGISTERED"),
        ("PUT", "/routes", {"id": "x"}, "E_ROUTE"),
        ("PUT", "/routes", ROUTE | {"net_id": "zz"}, "E_ROUTE"),
        ("POST", "/denylist", {"edges": [["a"]]}, "E_MEMBER"),
        ("GET", "/epochs/x/manifest", None, "E_NUMBER"),
        ("GET", "/epochs/1/manifest", None, "E_NO_MANIFEST"),
        ("GET", "/reports/zz", None, "E_REPORT_ID"),
        ("GET", "/reports/00", None, "E_NO_VERDICT"),
    ],
)
def test_bad_requests_get_a_problem_with_its_code(tmp_path: Path, method: str, path: str, body: Any, code: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as ask:
            status, problem = await ask(method, path, body)
            assert 400 <= status < 500
            assert (problem["code"], problem["status"]) == (code, status)

    simulated(main)


def test_tokens_scopes_and_host_are_checked(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as ask:
            assert stat.S_IMODE((tmp_path / "admin.token").stat().st_mode) == 0o600
            assert stat.S_IMODE((tmp_path / "oracle.db").stat().st_mode) == 0o600
            assert (await ask("GET", "/status", Authorization="Bearer wrong"))[0] == 401
            assert (await ask("GET", "/status", Host="evil.example"))[0] == 421
            secret = (await ask("POST", "/tokens", {"name": "monitoring", "scope": READ}))[1]["token"]
            assert (await ask("GET", "/status", Authorization=f"Bearer {secret}"))[0] == 200
            status, problem = await ask("POST", "/denylist", {}, Authorization=f"Bearer {secret}")
            assert (status, problem["code"]) == (403, "E_SCOPE_MISSING")
            assert (await ask("POST", "/tokens", {"scope": "wallet"}))[1]["code"] == "E_SCOPE"
            again = AdminTokens(ask.service.oracle.database, random_bytes=SeededRandom("again"))
            await again.load()  # a restart knows it still
            again.check(f"Bearer {secret}", READ)
            rows = await ask.service.oracle.database.fetch("SELECT digest, name, scope FROM admin_tokens")
            assert secret.encode() not in bytes(rows[0][0])  # type: ignore[arg-type]

    simulated(main)
