"""Work that runs as long as something else does, such as reading a link while its device is in use."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from skerry_core.errors import SkerryError

__all__ = ["beside"]


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Run `work` beside the body and cancel it at the end; our own errors leave the body ungrouped."""
    failure: SkerryError | None = None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name=name)
        try:
            yield
        except SkerryError as error:
            failure = error
        finally:
            task.cancel()
    if failure is not None:
        raise failure
