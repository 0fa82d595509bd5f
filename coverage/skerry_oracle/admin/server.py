"""Serves an oracle's admin API; commands find it by two files. `oracle run` and an operator inside an agent use it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from skerry_core.errors import UserError
from skerry_core.files import write_atomic
from skerry_oracle.admin.access import AdminTokens
from skerry_oracle.admin.app import admin_app
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.router import PacketRouter

__all__ = ["ADDRESS_FILE", "TOKEN_FILE", "AdminServer", "serving"]

ADDRESS_FILE = "admin.address"
TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name


class AdminServer:
    """Serves while entered. `folder` gets the address and a private token of this run; port 0 takes a free one."""

    def __init__(self, oracle: EmbeddedOracle, *, router: PacketRouter, folder: Path, address: str) -> None:
        self._oracle = oracle
        self._router = router
        self._folder = folder
        self._address = address
        self._stack = AsyncExitStack()
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and write the files. Raises `UserError` E_ADDRESS_IN_USE."""
        tokens = AdminTokens(self._oracle.database, random_bytes=self._oracle.random_bytes)
        await tokens.load()
        host = self._address.rpartition(":")[0]
        names = frozenset({host, "127.0.0.1", "localhost"})
        app = admin_app(self._oracle, tokens=tokens, router=self._router, hosts=names)
        self.port = await self._stack.enter_async_context(serving(app, self._address, "--admin"))
        write_atomic(self._folder / TOKEN_FILE, tokens.local().encode())
        write_atomic(self._folder / ADDRESS_FILE, f"http://{host}:{self.port}".encode())

    async def stop(self) -> None:
        """Remove the files and close; harmless when it was never started."""
        for name in (ADDRESS_FILE, TOKEN_FILE):
            (self._folder / name).unlink(missing_ok=True)
        await self._stack.aclose()


@asynccontextmanager
async def serving(app: web.Application, address: str, option: str) -> AsyncIterator[int]:
    """Serve an application at `host:port`; gives the port. Raises `UserError` E_ADDRESS_IN_USE naming the option."""
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, int(port)).start()
        except (OSError, ValueError) as error:
            raise UserError(
                "E_ADDRESS_IN_USE", f"Cannot listen on {address}: {error}.", remedy=f"Use {option}."
            ) from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
