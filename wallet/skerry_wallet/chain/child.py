"""The chain process: reads requests from one socket, runs them on the `Bank`, answers. Started by `EmbeddedCluster`.

All requests that have arrived are run before one sync to disk, and only then answered: group commit without a timer.
It ends when the socket closes, so it never outlives its agent.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skerry_core.errors import UserError
from skerry_wallet.chain.bank import Bank
from skerry_wallet.chain.protocol import BrokenFrame, FrameBuffer, encode_frame
from skerry_wallet.errors import TransactionRejected
from skerry_wallet.transaction import parse_transaction

__all__ = ["run"]

_READ_SIZE = 1 << 20


def run(directory: Path, *, descriptor_in: int = 0, descriptor_out: int = 1) -> int:
    """Serve one agent until it closes its end; return the process's exit code."""
    server = _Server(directory)
    buffer = FrameBuffer()
    try:
        while chunk := os.read(descriptor_in, _READ_SIZE):
            try:
                messages = buffer.feed(chunk)
            except BrokenFrame:
                return 2
            _write(descriptor_out, server.answer_all(messages))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the agent was killed; what it was not told, it will ask again
    finally:
        server.close()
    return 0


class _Server:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._bank: Bank | None = None
        self._methods: dict[str, Callable[[Bank, Any], Any]] = {
            "genesis": lambda bank, _: [bank.genesis_hash, bank.machine.slot],
            "blockhash": lambda bank, _: list(bank.machine.blockhash()),
            "accounts": lambda bank, keys: [bank.machine.account(key) for key in keys],
            "rent": lambda bank, size: bank.machine.minimum_rent_lamports(size),
            "simulate": lambda bank, raw: list(bank.simulate(raw)),
            "send": lambda bank, raw: bank.send(raw),
            "airdrop": lambda bank, grant: bank.airdrop(grant[0], grant[1]),
            "statuses": lambda bank, signatures: [_status(bank, signature) for signature in signatures],
            "history": lambda bank, ask: [
                landed.signature for landed in bank.history(ask[0], limit=ask[1], before=ask[2])
            ],
            "landing": _landing,
        }

    def answer_all(self, messages: list[list[Any]]) -> bytes:
        """Run the requests in order; the answers may be sent, everything that they say is durable."""
        answers = [self._answer(*message) for message in messages]
        if self._bank is not None:
            self._bank.commit()
        return b"".join(encode_frame(answer) for answer in answers)

    def close(self) -> None:
        if self._bank is not None:
            self._bank.close()

    def _answer(self, number: int, method: str, argument: Any, now_ms: int) -> list[Any]:
        try:
            if method == "open":
                self._bank = Bank(self._directory, network=argument, now_ms=now_ms)
                return [number, None, self._bank.genesis_hash]
            assert self._bank is not None, "the first request is open"
            self._bank.set_time(now_ms)
            return [number, None, self._methods[method](self._bank, argument)]
        except TransactionRejected as error:
            return [number, ["rejected", error.error, list(error.logs)], None]
        except UserError as error:
            return [number, ["failed", error.code, [error.detail, error.remedy]], None]


def _status(bank: Bank, signature: bytes) -> list[Any] | None:
    if bank.dirty:  # a question behind a send in one batch: durable first, then told
        bank.commit()
    landed = bank.find(signature)
    return None if landed is None else [landed.slot, landed.error]


def _landing(bank: Bank, signature: bytes) -> list[Any] | None:
    landed = bank.find(signature)
    if landed is None:
        return None
    writable, readonly = bank.loaded_keys(landed)
    keys = [*parse_transaction(landed.raw).message.keys, *writable, *readonly]
    before, after = landed.balances_before, landed.balances_after
    return [landed.raw, landed.slot, landed.unix_ms // 1000, landed.error, landed.fee, keys, before, after]


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
