"""The admin API's routes. Every handler calls one public method of the oracle; errors become RFC 9457 problems."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from skerry_core import strict_json
from skerry_core.errors import NotFoundError, RefusedError, UsageError, UserError
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.records import DenylistRecord, Location, Registration, sign_record
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_oracle.admin.access import ADMIN, READ, AdminTokens
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.evidence import gather
from skerry_oracle.explain import verdict_json
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.store.registry import RegistrationRow

__all__ = ["MAX_BODY_BYTES", "admin_app"]

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1 << 20
PAGE = 200
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def admin_app(
    oracle: EmbeddedOracle, *, tokens: AdminTokens, router: PacketRouter, hosts: frozenset[str]
) -> web.Application:
    """Return the application; `hosts` are the names under which it may be addressed (against DNS rebinding)."""
    api = _Api(oracle, router, tokens)
    app = web.Application(middlewares=[_problems, _guard(tokens, hosts)], client_max_size=MAX_BODY_BYTES)
    base = "/admin/v1"
    app.add_routes(
        [
            web.get("/healthz", api.health),
            web.get(f"{base}/status", api.status),
            web.get(f"{base}/hotspots", api.hotspots),
            web.post(f"{base}/hotspots", api.register),
            web.post(f"{base}/hotspots/{{gateway}}/admit", api.admit),
            web.post(f"{base}/hotspots/{{gateway}}/refuse", api.refuse),
            web.get(f"{base}/hotspots/{{gateway}}/locations", api.locations),
            web.post(f"{base}/locations", api.assert_location),
            web.put(f"{base}/allowed/{{gateway}}", api.allow),
            web.delete(f"{base}/allowed/{{gateway}}", api.disallow),
            web.get(f"{base}/denylist", api.denylist),
            web.post(f"{base}/denylist", api.set_denylist),
            web.get(f"{base}/routes", api.routes),
            web.put(f"{base}/routes", api.put_route),
            web.delete(f"{base}/routes/{{id}}", api.delete_route),
            web.get(f"{base}/organisations", api.organisations),
            web.post(f"{base}/organisations/{{oui}}/credits", api.grant),
            web.get(f"{base}/epochs", api.epochs),
            web.get(f"{base}/epochs/{{epoch}}/manifest", api.manifest),
            web.get(f"{base}/epochs/{{epoch}}/evidence", api.evidence),
            web.post(f"{base}/epochs/{{epoch}}/signatures", api.add_signature),
            web.get(f"{base}/profile", api.profile),
            web.get(f"{base}/counts", api.counts),
            web.get(f"{base}/verdicts", api.verdicts),
            web.get(f"{base}/reports/{{id}}", api.explain),
            web.get(f"{base}/entropy", api.entropy),
            web.post(f"{base}/tokens", api.make_token),
        ]
    )
    return app


class _Api:
    def __init__(self, oracle: EmbeddedOracle, router: PacketRouter, tokens: AdminTokens) -> None:
        self._oracle = oracle
        self._router = router
        self._routes = router.book
        self._tokens = tokens

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def status(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._oracle.status())

    async def hotspots(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": [_hotspot(row) for row in self._oracle.registry.registrations()]})

    async def register(self, request: web.Request) -> web.Response:
        body = await _body(request)
        record = Registration.from_bytes(_hex(body, "record"))
        row = await self._oracle.registry.register(
            record,
            gateway_signature=_hex(body, "gateway_signature"),
            owner_signature=_hex(body, "owner_signature"),
        )
        return web.json_response(_hotspot(row))

    async def admit(self, request: web.Request) -> web.Response:
        return web.json_response(_hotspot(await self._oracle.registry.admit(_gateway(request), by="admin API")))

    async def refuse(self, request: web.Request) -> web.Response:
        reason = str((await _body(request)).get("reason") or "refused by the operator")
        row = await self._oracle.registry.refuse(_gateway(request), by="admin API", reason=reason)
        return web.json_response(_hotspot(row))

    async def locations(self, request: web.Request) -> web.Response:
        names = ("number", "cell", "region", "gain_ddbi", "elevation_m", "received_ms", "effective_epoch")
        rows = self._oracle.registry.assertions(_gateway(request))
        return web.json_response({"items": [{name: getattr(row, name) for name in names} for row in rows]})

    async def assert_location(self, request: web.Request) -> web.Response:
        body = await _body(request)
        record = Location.from_bytes(_hex(body, "record"))
        row = await self._oracle.registry.assert_location(record, owner_signature=_hex(body, "owner_signature"))
        return web.json_response({"number": row.number, "effective_epoch": row.effective_epoch})

    async def allow(self, request: web.Request) -> web.Response:
        await self._oracle.registry.allow(_gateway(request))
        return web.Response(status=204)

    async def disallow(self, request: web.Request) -> web.Response:
        await self._oracle.registry.disallow(_gateway(request))
        return web.Response(status=204)

    async def denylist(self, _request: web.Request) -> web.Response:
        record = self._oracle.registry.denylist_at(self._oracle.clock.wall_ms())
        assert record is not None  # signed when the oracle was opened first
        return web.json_response(record.members())

    async def set_denylist(self, request: web.Request) -> web.Response:
        """Replace the denylist's content; the serial is ours, and we sign our own statement."""
        body = await _body(request)
        before = self._oracle.registry.denylist_at(self._oracle.clock.wall_ms())
        record = DenylistRecord(
            network=self._oracle.network.network,
            serial=before.serial + 1 if before else 0,
            keys=tuple(_key(text) for text in _list(body, "keys")),
            edges=tuple((_key(one), _key(other)) for one, other in map(_pair, _list(body, "edges"))),
            made_ms=self._oracle.clock.wall_ms(),
        )
        signer = self._oracle.signer
        signature = sign_record(record, signer)
        await self._oracle.registry.set_denylist(record, signer=signer.public_key, signature=signature)
        return web.json_response(record.members())

    async def routes(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": [_without_keys(record) for record in self._routes.all()]})

    async def put_route(self, request: web.Request) -> web.Response:
        record = RouteRecord.from_json(await _body(request))
        await self._routes.put(record)
        return web.json_response(_without_keys(record))

    async def delete_route(self, request: web.Request) -> web.Response:
        await self._routes.delete(request.match_info["id"])
        return web.Response(status=204)

    async def organisations(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": await self._router.accounts()})

    async def grant(self, request: web.Request) -> web.Response:
        amount = (await _body(request)).get("amount_dc")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise UsageError("E_MEMBER", "The member amount_dc must be a whole number.")
        await self._router.grant(_number(request.match_info["oui"]), amount)
        return web.json_response({"items": await self._router.accounts()})

    async def epochs(self, _request: web.Request) -> web.Response:
        items = []
        for row in (await self._oracle.epochs.all())[-PAGE:]:
            manifest = await self._oracle.manifest(row.epoch)
            items.append(
                {
                    "epoch": row.epoch,
                    "state": row.state,
                    "start_ms": row.start_ms,
                    "end_ms": row.end_ms,
                    "manifest_hash": manifest.hash.hex() if manifest else None,
                    "receipt": await self._oracle.epochs.payout(row.epoch),
                    "signatures": len(await self._oracle.epochs.signatures(row.epoch)),
                    "signatures_needed": self._oracle.network.signatures_needed,
                }
            )
        return web.json_response({"items": items})

    async def manifest(self, request: web.Request) -> web.Response:
        epoch = _number(request.match_info["epoch"])
        manifest = await self._oracle.manifest(epoch)
        if manifest is None:
            raise NotFoundError("E_NO_MANIFEST", f"Epoch {epoch} has no manifest.")
        return web.Response(body=manifest.body, content_type="application/json")

    async def profile(self, _request: web.Request) -> web.Response:
        """The network's whole profile: what other oracles of it start from."""
        return web.Response(body=profile_bytes(self._oracle.network.profile), content_type="application/octet-stream")

    async def evidence(self, request: web.Request) -> web.Response:
        """Everything that an epoch's manifest came from, for another oracle that is to sign it."""
        evidence = await gather(self._oracle, _number(request.match_info["epoch"]))
        return web.Response(body=evidence.to_bytes(), content_type="application/octet-stream")

    async def add_signature(self, request: web.Request) -> web.Response:
        body = await _body(request)
        epoch = _number(request.match_info["epoch"])
        known = await self._oracle.manifest(epoch)
        if known is not None and known.hash != _hex(body, "manifest"):
            raise RefusedError("E_MANIFEST_DIFFERS", f"Epoch {epoch} has another manifest here.")
        missing = await self._oracle.add_signature(epoch, _hex(body, "public_key"), _hex(body, "signature"))
        return web.json_response({"epoch": epoch, "missing": missing})

    async def counts(self, request: web.Request) -> web.Response:
        epoch = request.query.get("epoch")
        return web.json_response(await self._oracle.counts(None if epoch is None else _number(epoch)))

    async def verdicts(self, request: web.Request) -> web.Response:
        gateway = request.query.get("gateway")
        rows = await self._oracle.verdicts.page(
            gateway=_key(gateway) if gateway else None,
            before_ms=_number(request.query.get("before_ms", str(self._oracle.clock.wall_ms() + 1))),
            limit=min(PAGE, _number(request.query.get("limit", "50"))),
        )
        return web.json_response({"items": [verdict_json(row) for row in rows]})

    async def explain(self, request: web.Request) -> web.Response:
        try:
            identifier = bytes.fromhex(request.match_info["id"])
        except ValueError:
            raise UsageError("E_REPORT_ID", "A report id is hexadecimal text.") from None
        return web.json_response(await self._oracle.explain(identifier))

    async def make_token(self, request: web.Request) -> web.Response:
        body = await _body(request)
        name, scope = str(body.get("name", "unnamed")), str(body.get("scope", READ))
        secret = await self._tokens.make(name, scope, now_ms=self._oracle.clock.wall_ms())
        return web.json_response({"name": name, "scope": scope, "token": secret})

    async def entropy(self, _request: web.Request) -> web.Response:
        """Show the published values with their commitments: what the operator could not have chosen afterwards."""
        since_s = self._oracle.clock.wall_s() - 86_400
        rows = await self._oracle.entropy.log.published(since_s=since_s, limit=1_440)
        return web.json_response(
            {
                "items": [
                    {
                        "timestamp_s": row.timestamp_s,
                        "secret": row.raw.hex(),
                        "data": row.data.hex(),
                        "commitment": row.commitment.hex(),
                        "committed_ms": row.committed_ms,
                        "published_ms": row.published_ms,
                    }
                    for row in rows
                ]
            }
        )


def _hotspot(row: RegistrationRow) -> dict[str, Any]:
    key, owner = PublicKey(row.gateway), PublicKey(row.owner)
    return {
        "gateway": key.address,
        "name": key.animal_name,
        "owner": owner.solana_address,
        "full": bool(row.is_full),
        "state": row.state,
        "received_ms": row.received_ms,
        "decided_ms": row.decided_ms,
        "decided_by": row.decided_by,
        "reason": row.reason,
    }


def _without_keys(record: RouteRecord) -> dict[str, Any]:
    """Return a route without its session keys and authorisation: they go in and never come out."""
    shown = record.to_json()
    shown["server"].pop("auth_header", None)
    shown["session_keys"] = [{"dev_addr": one["dev_addr"]} for one in shown["session_keys"]]
    return shown


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = strict_json.loads(await request.read() or b"{}", limit_bytes=MAX_BODY_BYTES)
    except strict_json.JsonRejected as error:
        raise UsageError("E_JSON", f"The body is not acceptable JSON: {error}.") from None
    if not isinstance(body, dict):
        raise UsageError("E_JSON", "The body must be a JSON object.")
    return body


def _hex(body: dict[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(body[name])
    except (KeyError, TypeError, ValueError):
        raise UsageError("E_MEMBER", f"The member {name} must be hexadecimal text.") from None


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise UsageError("E_MEMBER", f"The member {name} must be a list.")
    return value


def _pair(value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise UsageError("E_MEMBER", "An edge is a list of two addresses.")
    return value[0], value[1]


def _key(address: Any) -> bytes:
    try:
        return PublicKey.from_address(str(address)).binary
    except KeyRejected as error:
        raise UsageError("E_ADDRESS", f"{address!r} is not a Helium address: {error.reason}.") from None


def _gateway(request: web.Request) -> bytes:
    return _key(request.match_info["gateway"])


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise UsageError("E_NUMBER", f"{text!r} is not a whole number.")
    return int(text)


def _guard(tokens: AdminTokens, hosts: frozenset[str]) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.host.rpartition(":")[0] if ":" in request.host else request.host
        if name not in hosts:
            raise WrongHost(name)
        if request.path != "/healthz":
            tokens.check(request.headers.get("Authorization"), READ if request.method == "GET" else ADMIN)
        return await handler(request)

    return guard


class WrongHost(UserError):
    """The request names a host that this server is not."""

    http_status = 421

    def __init__(self, host: str) -> None:
        super().__init__("E_HOST", f"This server is not {host}.", remedy="Use the address that it printed at start.")


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except UserError as error:
        problem = {"type": "about:blank", "title": error.detail, "status": error.http_status, "code": error.code}
        problem |= {"detail": str(error), "params": error.params}
        return web.json_response(problem, status=error.http_status, content_type="application/problem+json")
