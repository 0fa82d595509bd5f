"""What a database must do for the oracle; SQLite and PostgreSQL implement it, the tables above it are written once.

SQL is the common part of both: `?` placeholders, `ON CONFLICT`, integers, text and byte strings.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Database", "Row", "Statement", "Value"]

Value = int | str | bytes | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement and the rows it is run for."""

    sql: str
    rows: tuple[Row, ...] = ((),)


class Database(ABC):
    """Durable transactions and reads. Everything raises `StoreFailed`; `apply` may raise `StoreBusy`."""

    @abstractmethod
    async def open(self) -> None:
        """Connect and bring the schema up to date."""

    @abstractmethod
    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        """Run the statements as one transaction; when this returns they survive a crash.

        Returns the number of rows changed by each statement that has one row, the number of rows given otherwise.
        """

    async def enqueue(self, statements: Sequence[Statement]) -> "asyncio.Future[list[int]]":
        """Hand over a transaction as `apply` takes it; the future is done once it survives a crash.

        For callers that have more to hand over meanwhile. A database without a queue of its own waits right here.
        """
        done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        done.set_result(await self.apply(statements))
        return done

    @abstractmethod
    async def fetch(self, sql: str, *parameters: Value) -> list[Row]:
        """Read committed rows."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was accepted and disconnect."""
