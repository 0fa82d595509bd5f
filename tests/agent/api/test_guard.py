import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from skerry_agent.api.guard import is_loopback
from skerry_agent.api.tokens import NewToken, new_token
from skerry_agent.store import Tokens
from skerry_client import calls
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_core.errors import RefusedError, UsageError
from skerry_testing.api import Served, serve_api


async def code(served: Served, path: str = "/api/v1/status", **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(served.server.address + path, headers=headers) as answer:
        if not answer.content_type.endswith("json"):
            return answer.status, ""
        return answer.status, (await answer.json(content_type=None)).get("code", "")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def with_token(tokens: Tokens, *scopes: str) -> NewToken:
    token = new_token("test", scopes, now_ns=1)
    await tokens.add(token.row)
    return token


async def test_without_a_token_only_health_and_contract_answer(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        for route in served.server.routes:
            if route.method != "GET":
                continue
            status, problem = await code(served, route.path.replace("{id}", "x"))
            assert (status, problem) == ((401, "E_TOKEN") if route.scope else (200, "")), route.path
        assert await code(served, "/openapi.json") == (200, "")


async def test_a_401_says_how_to_authenticate_and_is_counted(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        async with session.get(served.server.address + "/api/v1/status") as answer:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert served.metrics.value("skerry_auth_failures_total") == 1


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8474", "localhost.evil.example", "localhost@evil.example", "", "127.0.0.2",
     "[::1", "localhost:x", "localhost/x", "192.168.1.2"],
)  # fmt: skip
async def test_a_foreign_host_is_refused_even_with_the_token(tmp_path: Path, host: str) -> None:
    async with serve_api(tmp_path) as served:
        assert await code(served, **bearer(served.token), Host=host) == (403, "E_HOST")
        assert await code(served, "/healthz", Host=host) == (403, "E_HOST")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8474", "[::1]:8474", "pi.lan"])
async def test_own_and_configured_names_are_answered(tmp_path: Path, host: str) -> None:
    async with serve_api(tmp_path, flags={"api.allowed_hosts": "Pi.lan"}) as served:
        assert await code(served, **bearer(served.token), Host=host) == (200, "")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:3000", True),
        ("https://evil.example", False),
        ("null", False),
        ("file://localhost", False),
        ("http://localhost.evil", False),
    ],
)
async def test_pages_of_other_sites_are_refused(tmp_path: Path, origin: str, allowed: bool) -> None:
    async with serve_api(tmp_path) as served:
        expected = (200, "") if allowed else (403, "E_ORIGIN")
        assert await code(served, **bearer(served.token), Origin=origin) == expected


async def test_a_token_does_what_its_scopes_say(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        reader = await with_token(served.stores.tokens, "read")
        controller = await with_token(served.stores.tokens, "control")
        assert await code(served, **bearer(reader.secret)) == (200, "")
        assert await code(served, "/api/v1/audit", **bearer(reader.secret)) == (403, "E_SCOPE")
        assert await code(served, **bearer(controller.secret)) == (403, "E_SCOPE")
        assert await code(served, "/api/v1/audit", **bearer(controller.secret)) == (200, "")
        lines = (await served.stores.audit.page()).rows
        assert (reader.row.id, "refused: scope") in [(line.account, line.outcome) for line in lines]


async def test_a_revoked_token_ends_at_once(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        token = await with_token(served.stores.tokens, "read")
        assert await code(served, **bearer(token.secret)) == (200, "")
        assert [row.last_used_ns is not None for row in await served.stores.tokens.all()] == [True]
        await served.stores.tokens.revoke(token.row.id, at_ns=2)
        assert await code(served, **bearer(token.secret)) == (401, "E_TOKEN")


async def test_the_local_token_is_private_new_at_each_start_and_never_for_wallets(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        first = served.token
        assert served.paths.token.stat().st_mode & 0o777 == 0o600
        async with AgentClient.open(served.server.address, token=first) as agent:
            assert (await agent.call(calls.capabilities())).scopes == ("read", "control")
    assert not served.paths.token.exists()
    async with serve_api(tmp_path) as served:
        assert served.token != first
        assert await code(served, **bearer(first)) == (401, "E_TOKEN")


@pytest.mark.parametrize("wrong", ["x", "skr_local_" + "A" * 43, "skr_abcdef01_" + "A" * 43, "Bearer", "é" * 5])
async def test_guessing_is_slowed_down_and_the_owner_is_not_locked_out(tmp_path: Path, wrong: str) -> None:
    async with serve_api(tmp_path) as served:
        answers = [(await code(served, **bearer(wrong)))[0] for _ in range(8)]
        assert answers == [401] * 6 + [429] * 2
        async with AgentClient.open("http://localhost", token=served.token, socket=served.paths.socket) as agent:
            await agent.call(calls.status())  # another source


async def test_a_throttled_client_is_told_how_long(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        for _ in range(7):
            async with session.get(served.server.address + "/api/v1/status", headers=bearer("x")) as answer:
                pass
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


async def test_asking_without_a_token_is_not_guessing(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        assert {(await code(served))[0] for _ in range(12)} == {401}
        assert await code(served, **bearer(served.token)) == (200, "")


async def test_the_unix_socket_is_private_and_needs_the_token_too(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        assert served.paths.socket.stat().st_mode & 0o777 == 0o600
        async with AgentClient.open("http://anything", token=served.token, socket=served.paths.socket) as agent:
            assert (await agent.call(calls.status())).state == "unknown"
        async with AgentClient.open("http://anything", token=None, socket=served.paths.socket) as agent:
            with pytest.raises(ApiProblem, match="E_TOKEN"):
                await agent.call(calls.status())
    assert not served.paths.socket.exists()


async def test_a_port_in_use_is_told_with_a_remedy(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        port = served.server.address.rpartition(":")[2]
        with pytest.raises(RefusedError, match="E_LISTEN"):
            async with serve_api(tmp_path / "other", flags={"api.port": port}):
                pass


def certificate(folder: Path) -> tuple[str, str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "skerry")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "cert.pem"), str(folder / "key.pem"), made.fingerprint(hashes.SHA256()).hex()


async def test_beyond_loopback_it_refuses_to_start_without_tls_and_a_token(tmp_path: Path) -> None:
    cert, key, fingerprint = certificate(tmp_path)
    lan = {"api.host": "0.0.0.0"}
    tls = lan | {"api.tls_certificate": cert, "api.tls_key": key}
    with pytest.raises(RefusedError, match="E_LAN_TLS"):
        async with serve_api(tmp_path, flags=lan):
            pass
    with pytest.raises(RefusedError, match="E_LAN_TOKEN"):
        async with serve_api(tmp_path, flags=tls):
            pass
    with pytest.raises(RefusedError, match="E_TLS"):
        async with serve_api(tmp_path, flags=tls | {"api.tls_key": cert}):
            pass
    from skerry_testing.stores import open_stores

    async with open_stores(tmp_path) as stores:
        token = await with_token(stores.tokens, "read", "wallet")
    async with serve_api(tmp_path, flags=tls) as served:
        assert served.server.fingerprint == fingerprint
        address = served.server.address.replace("0.0.0.0", "127.0.0.1")
        async with AgentClient.open(address, token=token.secret, fingerprint=fingerprint) as agent:
            assert (await agent.call(calls.capabilities())).scopes == ("read", "wallet")  # from this machine


def test_loopback_is_recognised() -> None:
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "192.168.0.1", "::", "pi.lan", ""]))


def test_tokens_are_made_only_with_good_names_and_scopes() -> None:
    token = new_token("laptop", ["wallet", "read"], now_ns=1)
    assert token.row.scopes == ["read", "wallet"]
    assert token.secret not in repr(token)
    assert token.secret.startswith(f"skr_{token.row.id}_")
    for name, scopes in (("", ["read"]), ("a\nb", ["read"]), ("x" * 65, ["read"]), ("a", []), ("a", ["root"])):
        with pytest.raises(UsageError):
            new_token(name, scopes, now_ns=1)


async def raw(served: Served, request: bytes) -> bytes:
    port = int(served.server.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        writer.write_eof()
        return await reader.read(4096)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\xfe",
        b"GET / HTTP/1.1\r\n",
        b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/status HTTP/1.0\r\n\r\n",
        b"GET /api/v1/%ff%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/witnesses/%ed%a0%80/explain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"PATCH /api/v1/devices/d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://evil/healthz HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
    ],
)
async def test_hostile_bytes_give_no_5xx_and_the_server_lives_on(tmp_path: Path, request_bytes: bytes) -> None:
    async with serve_api(tmp_path) as served:
        answer = await raw(served, request_bytes)
        assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
        assert not answer.startswith(b"HTTP/1.0 5"), answer[:200]
        assert await code(served, "/healthz") == (200, "")


async def test_an_own_certificate_is_refused_without_its_fingerprint(tmp_path: Path) -> None:
    cert, key, _ = certificate(tmp_path)
    async with serve_api(tmp_path, flags={"api.tls_certificate": cert, "api.tls_key": key}) as served:
        assert served.server.address.startswith("https://")
        context = ssl.create_default_context()
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(served.server.address + "/healthz", ssl=context)


async def test_a_client_that_has_succeeded_is_not_slowed_down_by_a_guesser_beside_it(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        assert await code(served, **bearer(served.token)) == (200, "")
        for _ in range(20):
            await code(served, **bearer("skr_local_" + "A" * 43))
        assert await code(served, **bearer("x")) == (429, "E_THROTTLED")
        assert await code(served, **bearer(served.token)) == (200, "")
