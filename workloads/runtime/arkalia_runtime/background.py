"""Work that goes on beside the requests, and ends when its service does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

logger: Final = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 0.2


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do all *works* during the block. One that fails is over, and the log says so at once."""
    tasks = [
        asyncio.create_task(work, name=getattr(work, "__qualname__", "work")) for work in works
    ]
    for task in tasks:
        task.add_done_callback(_tell)
    try:
        yield
    finally:
        await end(tasks)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel *tasks*, and wait until they have ended.

    Until Python 3.12 `asyncio.wait_for` loses a cancellation that comes at the moment of success,
    and libraries use it: so a task that goes on is cancelled again.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        sentence = "%s has failed, and is not done again until the service restarts."
        logger.error(sentence, task.get_name(), exc_info=error)
