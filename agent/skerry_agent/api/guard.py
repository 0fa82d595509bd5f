"""Who may call: Host and Origin check against DNS rebinding, bearer tokens with scopes, throttle, audit lines."""

import base64
import ipaddress
import secrets
import socket
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from skerry_agent.api.problems import Handler, Unauthorised
from skerry_agent.api.throttle import Throttle
from skerry_agent.api.tokens import LOCAL_ID, LOCAL_SCOPES, LocalToken, digest, token_id
from skerry_agent.metrics import Metrics
from skerry_agent.store import Audit, AuditRow, Tokens
from skerry_core.clock import NS_PER_S, Clock

__all__ = ["ACCOUNT", "PAGE_PATH", "Account", "Guard", "is_loopback", "source_of"]

USE_NOTED_EVERY_NS = 3600 * NS_PER_S  # writing each use of a token would wear an SD card
TRUSTED_PAIRS = 256  # (address, token hash) pairs that have succeeded: a stranger's failures do not lock them out
PAGE_PATH = "/"  # for browsers: they send the token as the password of Basic authentication, here only
PAGE_CHALLENGE = 'Basic realm="Skerry: any name, a token as password"'
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who calls, and what for."""

    id: str
    name: str
    scopes: frozenset[str]
    source: str  # address, or "unix"


ACCOUNT: web.RequestKey[Account] = web.RequestKey("account", Account)


class Guard:
    """The two middlewares between the network and the handlers."""

    def __init__(
        self,
        *,
        clock: Clock,
        tokens: Tokens,
        audit: Audit,
        local: LocalToken,
        metrics: Metrics,
        names: Iterable[str],
        any_address: bool,
        scope_of: Callable[[web.Request], str | None],
    ) -> None:
        self._clock = clock
        self._tokens = tokens
        self._audit = audit
        self._local = local
        self._metrics = metrics
        self._names = LOOPBACK_NAMES | {name.lower() for name in names}
        self._any_address = any_address  # beyond loopback: clients use whatever address the machine has
        self._scope_of = scope_of
        self._throttle = Throttle()
        self._trusted: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._noted: dict[str, int] = {}

    def middlewares(self) -> list[Middleware]:
        """Return host check and authentication, in this order."""

        @web.middleware
        async def hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._check_host(request)
            return await handler(request)

        @web.middleware
        async def accounts(request: web.Request, handler: Handler) -> web.StreamResponse:
            scope = self._scope_of(request)
            if scope is None:
                return await handler(request)
            account = await self._authenticate(request)
            if scope not in account.scopes:
                await self._note(account, f"{request.method} {request.path}", "refused: scope")
                raise Unauthorised(
                    403, "E_SCOPE", f"This token may not do that; it needs the scope {scope}.",
                    remedy=f"Make one with `skerry token create --scope {scope}`.",
                )  # fmt: skip
            request[ACCOUNT] = account
            response = await handler(request)
            if scope != "read":
                await self._note(account, f"{request.method} {request.path}", str(response.status))
            return response

        return [hosts, accounts]

    def _check_host(self, request: web.Request) -> None:
        if _is_unix(request):
            return
        if not self._allowed(_host_name(request.headers.get("Host", ""))):
            raise Unauthorised(
                403, "E_HOST", "This agent does not answer to that host name.",
                remedy="Use localhost, or add the name to api.allowed_hosts.",
            )  # fmt: skip
        origin = request.headers.get("Origin")
        if origin is not None and not self._allowed(_origin_name(origin)):
            raise Unauthorised(403, "E_ORIGIN", "Pages of other sites may not use this API.")

    def _allowed(self, name: str | None) -> bool:
        if not name:
            return False
        return name in self._names or (self._any_address and _is_address(name))

    async def _authenticate(self, request: web.Request) -> Account:
        source, untrusted = source_of(request), _bearer(request)
        offered, account_id = digest(untrusted), token_id(untrusted)
        keys = [source]
        if (
            account_id is not None and source != "unix"
        ):  # the socket is the owner's own way in: strangers cannot close it
            keys.append(f"account {account_id}")
        if (source, offered) not in self._trusted:
            self._wait(keys)
        account = await self._known(offered, account_id, source)
        if account is None:
            if untrusted:  # a missing token is a question, not a guess
                for key in keys:
                    self._throttle.failed(key, self._clock.monotonic_ns())
            self._metrics.count("skerry_auth_failures_total")
            raise Unauthorised(
                401, "E_TOKEN", "A valid API token is needed." if not untrusted else "The API token is not valid.",
                remedy="Send `Authorization: Bearer` with the content of the token file that `skerry paths` names.",
                challenge=PAGE_CHALLENGE if request.path == PAGE_PATH else "Bearer",
            )  # fmt: skip
        for key in keys:
            self._throttle.succeeded(key)
        self._trust(source, offered)
        return account

    def _wait(self, keys: list[str]) -> None:
        now_ns = self._clock.monotonic_ns()
        wait_s = max(self._throttle.wait_s(key, now_ns) for key in keys)
        if wait_s > 0:
            raise Unauthorised(
                429, "E_THROTTLED", "Too many wrong tokens; wait before the next try.", retry_after_s=wait_s
            )

    async def _known(self, offered: bytes, account_id: str | None, source: str) -> Account | None:
        near = source == "unix" or is_loopback(source)
        if account_id == LOCAL_ID:
            if not (near and self._local.matches(offered)):
                return None
            return Account(id=LOCAL_ID, name=LOCAL_ID, scopes=frozenset(LOCAL_SCOPES), source=source)
        row = await self._tokens.by_hash(offered) if account_id is not None else None
        if row is None:
            return None
        now_ns = self._clock.wall_ns()
        if abs(now_ns - self._noted.get(row.id, 0)) > USE_NOTED_EVERY_NS:
            self._noted[row.id] = now_ns
            await self._tokens.used(row.id, at_ns=now_ns)
        scopes = frozenset(row.scopes) if near else frozenset(row.scopes) - {"wallet"}  # wallet never over the LAN
        return Account(id=row.id, name=row.name, scopes=scopes, source=source)

    def _trust(self, source: str, offered: bytes) -> None:
        self._trusted[source, offered] = None
        self._trusted.move_to_end((source, offered))
        while len(self._trusted) > TRUSTED_PAIRS:
            self._trusted.popitem(last=False)

    async def _note(self, account: Account, action: str, outcome: str) -> None:
        line = AuditRow(
            id=secrets.token_hex(8),
            at_ns=self._clock.wall_ns(),
            account=account.id,
            source=account.source,
            action=action[:200],
            target="api",
            outcome=outcome,
        )
        await self._audit.add(line)


def is_loopback(address: str) -> bool:
    """Whether an address or `localhost` names this machine only."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_unix(request: web.Request) -> bool:
    connection = request.transport.get_extra_info("socket") if request.transport else None
    return connection is not None and connection.family == getattr(socket, "AF_UNIX", None)


def source_of(request: web.Request) -> str:
    """Return the client's address, or "unix"."""
    return "unix" if _is_unix(request) else (request.remote or "unknown")


def _bearer(request: web.Request) -> str:
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic" and request.path == PAGE_PATH:
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:
            return rest
    return rest.strip() if scheme.lower() == "bearer" else ""


def _host_name(host: str) -> str | None:
    return _origin_name(f"http://{host}")


def _origin_name(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
        plain = parts.scheme in {"http", "https"} and not parts.path and "@" not in parts.netloc
        return parts.hostname if plain and (parts.port is None or parts.port >= 0) else None
    except ValueError:  # an unclosed bracket, a port that is no number
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
