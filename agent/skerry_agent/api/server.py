"""Serves the API on a TCP address and a Unix socket. Built by the composition root; stops within a few seconds."""

import logging
import ssl
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from skerry_agent.api.guard import Guard, is_loopback
from skerry_agent.api.handlers import METRICS_PATH, Api, Reload
from skerry_agent.api.polite import PoliteRunner
from skerry_agent.api.problems import problems
from skerry_agent.api.requests import MAX_BODY_BYTES
from skerry_agent.api.stream import EventStreams
from skerry_agent.api.tokens import LocalToken
from skerry_agent.api.view import AgentView, BeaconSender
from skerry_agent.api.wallet import TransactionMaker
from skerry_agent.events import EventHub
from skerry_agent.jobs.board import JobBoard
from skerry_agent.metrics import Metrics
from skerry_agent.settings import Settings
from skerry_agent.settings.table import (
    ALLOWED_HOSTS,
    API_HOST,
    API_PORT,
    API_SOCKET,
    API_TLS_CERTIFICATE,
    API_TLS_KEY,
    METRICS_OPEN,
    STREAM_CLIENTS,
)
from skerry_agent.store import Stores
from skerry_agent.tls import OWN, fingerprint_of, own_certificate
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_core.errors import RefusedError, UserError
from skerry_core.files import PUBLIC_MODE, write_atomic

__all__ = ["ApiServer"]

STOP_LIMIT_S = 2.0  # open requests get so long to end when the agent stops
_log = logging.getLogger(__name__)


class ApiServer:
    """The API of one agent; `start`, then `stop`."""

    def __init__(
        self,
        *,
        clock: Clock,
        settings: Settings,
        paths: Paths,
        stores: Stores,
        hub: EventHub,
        view: AgentView,
        metrics: Metrics,
        jobs: JobBoard,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._paths = paths
        self._stores = stores
        self._hub = hub
        self._local = LocalToken()
        streams = EventStreams(hub, cap=settings[STREAM_CLIENTS])
        api = Api(clock=clock, stores=stores, hub=hub, view=view, metrics=metrics, streams=streams, jobs=jobs)
        self.routes = api.routes(metrics_open=settings[METRICS_OPEN])
        self._api = api
        self._scopes = {(route.method, route.path): route.scope for route in self.routes}
        guard = Guard(
            clock=clock,
            tokens=stores.tokens,
            audit=stores.audit,
            local=self._local,
            metrics=metrics,
            names=(*settings[ALLOWED_HOSTS], settings[API_HOST]),
            any_address=not is_loopback(settings[API_HOST]),
            scope_of=self._scope_of,
        )
        self._app = web.Application(
            middlewares=[problems(metrics), *guard.middlewares()], client_max_size=MAX_BODY_BYTES
        )
        for route in self.routes:
            self._app.router.add_route(route.method, route.path, route.handler)
        self._runner: web.AppRunner | None = None
        self.address = ""  # base URL, once started
        self.fingerprint: str | None = None  # SHA-256 of the TLS certificate

    def serve_reload(self, reload: Reload) -> None:
        """Let clients have the settings read again."""
        self._api.reload = reload

    def serve_beacons(self, sender: BeaconSender) -> None:
        """Let clients ask for a beacon."""
        self._api.beacons_by_hand = sender

    def serve_transactions(self, maker: TransactionMaker) -> None:
        """Let clients with the scope wallet have unsigned transactions made."""
        self._api.wallet.maker = maker

    def open_metrics(self, is_open: bool) -> None:
        """Serve /metrics without a token, or no longer."""
        self._scopes["GET", METRICS_PATH] = None if is_open else "read"

    async def start(self) -> None:
        """Listen and write the local token and address files.

        Raises `UserError`: E_LAN_TLS and E_LAN_TOKEN (beyond loopback without them), E_TLS, E_PORT_IN_USE.
        """
        context = await self._exposure()
        self._runner = PoliteRunner(self._app, access_log=None, shutdown_timeout=STOP_LIMIT_S, logger=_protocol_log())
        await self._runner.setup()
        host = self._settings[API_HOST]
        site = web.TCPSite(self._runner, host, self._settings[API_PORT], ssl_context=context)
        try:
            await site.start()
            await self._start_socket()
            port = self._runner.addresses[0][1]
            self.address = f"{'https' if context else 'http'}://{_url_host(host)}:{port}"
            self._local.write(self._paths.token)
            if self.fingerprint:
                write_atomic(self._paths.fingerprint, f"{self.fingerprint}\n".encode(), mode=PUBLIC_MODE)
            write_atomic(self._paths.address, f"{self.address}\n".encode(), mode=PUBLIC_MODE)
        except OSError as error:
            await self.stop()
            raise _cannot_listen(host, self._settings[API_PORT], error) from error

    async def stop(self) -> None:
        """End event streams, finish open requests, remove the local files; harmless when not started."""
        self._hub.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            for path in (self._paths.address, self._paths.fingerprint, self._paths.token, self._paths.socket):
                path.unlink(missing_ok=True)

    def _scope_of(self, request: web.Request) -> str | None:
        resource = request.match_info.route.resource
        return self._scopes[request.method, resource.canonical] if resource is not None else None

    async def _exposure(self) -> ssl.SSLContext | None:
        certificate, key = self._settings[API_TLS_CERTIFICATE], self._settings[API_TLS_KEY]
        if certificate == OWN:
            files = own_certificate(self._paths.state / "tls", now_s=self._clock.wall_s())
            certificate, key = str(files.certificate), str(files.key)
        near = is_loopback(self._settings[API_HOST])
        if not near and not (certificate and key):
            raise RefusedError(
                "E_LAN_TLS",
                "The API is not opened to the network without TLS.",
                remedy="Set api.tls_certificate to own (or to a file, with api.tls_key), or api.host to 127.0.0.1.",
            )
        context = None
        if certificate:
            context, self.fingerprint = _tls(certificate, key)
        if not near and not any(row.revoked_ns is None for row in await self._stores.tokens.all()):
            raise RefusedError(
                "E_LAN_TOKEN",
                "The API is not opened to the network without a token.",
                remedy="Make one with `skerry token create`.",
            )
        return context

    async def _start_socket(self) -> None:
        if not self._settings[API_SOCKET]:
            return
        if not self._paths.socket_fits():
            _log.warning("no Unix socket: the path %s is too long", self._paths.socket)
            return
        assert self._runner is not None
        self._paths.socket.unlink(missing_ok=True)  # left by a kill -9; the agent's lock says that nobody uses it
        await web.UnixSite(self._runner, self._paths.socket).start()
        self._paths.socket.chmod(0o600)


def _protocol_log() -> logging.Logger:
    """Return the HTTP library's logger, on which bytes that are no HTTP are a debug line and not a trace each.

    Anybody may send such bytes, so they must not fill the log, and they may hold somebody's token.
    """
    logger = logging.getLogger("skerry_agent.api.http")
    if not logger.filters:
        logger.addFilter(_is_our_mistake)
    return logger


def _is_our_mistake(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        _log.debug("malformed request: %s", type(error).__name__)
        return False
    return True


def _tls(certificate: str, key: str) -> tuple[ssl.SSLContext, str]:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise RefusedError(
            "E_TLS",
            f"The API's certificate cannot be used: {type(error).__name__}.",
            remedy="Check api.tls_certificate and api.tls_key: two PEM files that belong together.",
        ) from error
    return context, fingerprint_of(Path(certificate))


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _cannot_listen(host: str, port: int, error: OSError) -> UserError:
    return RefusedError(
        "E_LISTEN",
        f"The API cannot listen on {host} port {port}: {(error.strerror or str(error)).rpartition(': ')[2]}.",
        remedy="Stop the other program, or choose another with --set api.port=PORT.",
        params={"host": host, "port": port},
    )
