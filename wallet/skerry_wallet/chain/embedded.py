"""The embedded cluster as the agent sees it: starts the chain process on demand, stops it when idle, restarts it.

Requests are written in order and answered in order, so whoever reads an answer is the one whose turn it is. Every
request carries the agent's time; while it is in flight simulated time stands still.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from skerry_core.clock import Clock, io_timeout
from skerry_wallet.address import address_bytes, address_text, signature_bytes
from skerry_wallet.chain.protocol import HEADER_SIZE, BrokenFrame, decode_body, encode_frame, frame_length
from skerry_wallet.cluster import Account, Blockhash, Cluster, Landing, SignatureStatus, Simulation
from skerry_wallet.errors import ClusterError, ClusterUnavailable, TransactionRejected

__all__ = ["EmbeddedCluster"]

ANSWER_LIMIT_S = 30.0  # real time; opening a year's journal takes two seconds, a Pi is slow
EXIT_LIMIT_S = 10.0  # writing the last snapshot
IDLE_STOP_S = 60.0  # real time; epochs come far apart, a start takes a third of a second
_ATTEMPTS = 2  # a request that kills the VM twice is not tried a third time

_T = TypeVar("_T")


class EmbeddedCluster(Cluster):
    """One chain directory. Use as `async with EmbeddedCluster(...) as cluster`, or call `close`."""

    def __init__(
        self,
        directory: Path,
        *,
        network: str,
        clock: Clock,
        command: Sequence[str] = (sys.executable, "-m", "skerry_wallet.chain"),
        idle_stop_s: float = IDLE_STOP_S,
    ) -> None:
        """`network` is recorded at the first opening and checked later; `command` gets `--dir DIRECTORY` appended."""
        self._directory = directory
        self._network = network
        self._clock = clock
        self._command = (*command, "--dir", str(directory))
        self._idle_stop_s = idle_stop_s
        self._child: _Child | None = None
        self._starting = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._in_flight = 0
        self._genesis_hash: str | None = None

    async def __aenter__(self) -> "EmbeddedCluster":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def process_id(self) -> int | None:
        """The chain process's id while it runs; tests kill it."""
        return self._child.process.pid if self._child else None

    async def genesis_hash(self) -> str:
        if self._genesis_hash is None:
            await self._ask("genesis", None)
        assert self._genesis_hash is not None
        return self._genesis_hash

    async def block_height(self) -> int:
        return int((await self._ask("genesis", None))[1])

    async def latest_blockhash(self) -> Blockhash:
        blockhash, last_valid = await self._ask("blockhash", None)
        return Blockhash(blockhash=blockhash, last_valid_block_height=last_valid)

    async def accounts(self, addresses: list[str]) -> list[Account | None]:
        found = await self._ask("accounts", [address_bytes(address) for address in addresses])
        return [None if stored is None else _account(*stored) for stored in found]

    async def minimum_rent_lamports(self, size_bytes: int) -> int:
        return int(await self._ask("rent", size_bytes))

    async def simulate(self, transaction: bytes) -> Simulation:
        error, logs, units = await self._ask("simulate", transaction)
        return Simulation(error=error, logs=tuple(logs), units_consumed=units)

    async def send(self, transaction: bytes) -> str:
        return str(await self._ask("send", transaction))

    async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
        found = await self._ask("statuses", [signature_bytes(signature) for signature in signatures])
        return [
            None if status is None else SignatureStatus(slot=status[0], finalized=True, error=status[1])
            for status in found
        ]

    async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
        start = None if before is None else signature_bytes(before)
        return [str(signature) for signature in await self._ask("history", [address_bytes(address), limit, start])]

    async def landing(self, signature: str) -> Landing | None:
        found = await self._ask("landing", signature_bytes(signature))
        if found is None:
            return None
        raw, slot, at_s, error, fee, keys, before, after = found
        return Landing(
            signature=signature,
            raw=bytes(raw),
            slot=slot,
            at_s=at_s,
            error=error,
            fee_lamports=fee,
            lamports=tuple(zip(map(address_text, keys), before, after, strict=True)),
        )

    async def airdrop(self, address: str, lamports: int) -> str:
        """Give worthless test lamports to an account; only the embedded chain can do that."""
        return str(await self._ask("airdrop", [address_bytes(address), lamports]))

    async def close(self) -> None:
        self._cancel_idle()
        child, self._child = self._child, None
        if child is not None:
            await child.stop()

    async def _ask(self, method: str, argument: Any) -> Any:
        with self._clock.hold("chain"):
            self._cancel_idle()
            self._in_flight += 1
            try:
                return await self._with_restart(lambda child: child.ask(method, argument, self._clock.wall_ms()))
            finally:
                self._in_flight -= 1
                self._start_idle()

    async def _with_restart(self, action: "Callable[[_Child], Awaitable[_T]]") -> _T:
        """Run on the child, once more on a fresh one if it dies; a repeated send is refused as already processed."""
        for attempt in range(_ATTEMPTS):
            child = None
            try:
                child = await self._running()
                return await action(child)
            except (OSError, EOFError, BrokenFrame, TimeoutError) as error:
                if child is not None:
                    if self._child is child:
                        self._child = None
                    await child.kill()
                if attempt + 1 == _ATTEMPTS:
                    raise ClusterUnavailable(f"The chain process died or hung: {error!r}.") from error
        raise AssertionError("unreachable")

    async def _running(self) -> "_Child":
        async with self._starting:
            if self._child is not None and self._child.ending:
                await self._child.stop()
                self._child = None
            if self._child is None:
                child = await _Child.start(self._command)
                try:
                    self._genesis_hash = await child.ask("open", self._network, self._clock.wall_ms())
                except BaseException:
                    await child.kill()
                    raise
                self._child = child
            return self._child

    def _start_idle(self) -> None:
        if self._in_flight == 0 and self._child is not None:
            self._idle = asyncio.get_running_loop().call_later(self._idle_stop_s, self._child.end)

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


class _Child:
    """The running process and its socket."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.ending = False
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()
        self._numbers = 0
        self._header: bytes | None = None  # read before its reader was cancelled

    @classmethod
    async def start(cls, command: Sequence[str]) -> "_Child":
        ours, theirs = socket.socketpair()
        with theirs:
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            process = await asyncio.to_thread(
                subprocess.Popen,
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env=environment,
                start_new_session=True,  # Ctrl-C is for the agent, which closes the socket in good order
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    async def ask(self, method: str, argument: Any, now_ms: int) -> Any:
        self._numbers += 1
        number = self._numbers
        self._writer.write(encode_frame([number, method, argument, now_ms]))
        # Locks wake their waiters in order, and nothing awaits between the write and this line.
        async with io_timeout(ANSWER_LIMIT_S), self._turn:
            await self._writer.drain()
            while True:
                answered, problem, value = await self._message()
                if answered == number:  # others belong to requests that were cancelled
                    break
        if problem is not None:
            raise _error(*problem)
        return value

    def end(self) -> None:
        """Ask the process to end: its input closes."""
        self.ending = True
        self._writer.close()

    async def stop(self) -> None:
        self.end()
        try:
            await asyncio.to_thread(self.process.wait, EXIT_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
        await self._closed()

    async def kill(self) -> None:
        self.process.kill()
        self._writer.close()
        await asyncio.to_thread(self.process.wait)
        await self._closed()

    async def _closed(self) -> None:
        with suppress(OSError):  # the process was killed with answers unread
            await self._writer.wait_closed()

    async def _message(self) -> list[Any]:
        if self._header is None:
            self._header = await self._reader.readexactly(HEADER_SIZE)
        body = await self._reader.readexactly(frame_length(self._header))
        self._header = None
        return decode_body(body)


def _account(key: bytes, lamports: int, owner: bytes, executable: bool, data: bytes) -> Account:
    del key
    return Account(lamports=lamports, owner=address_text(owner), data=data, executable=executable)


def _error(kind: str, term: Any, extra: Any) -> ClusterError:
    if kind == "rejected":
        return TransactionRejected(term, extra)
    detail, remedy = extra
    return ClusterError(str(term), str(detail), remedy=str(remedy))
