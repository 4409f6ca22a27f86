"""Tasks beside each other.

If one ends that must never end, the process ends, loudly, and Kubernetes restarts it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping
from typing import Any, Final, TypeVar

LOGGER = logging.getLogger(__name__)

First = TypeVar("First")
Second = TypeVar("Second")

FAREWELL_SECONDS: Final = 5.0
"""For cancelled tasks to end."""


async def supervise(tasks: Mapping[str, Coroutine[Any, Any, None]], stop: asyncio.Event) -> bool:
    """Run *tasks* until *stop* is set, then cancel them. False if one ended by itself before."""
    running = [asyncio.create_task(work, name=name) for name, work in tasks.items()]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        ended, _ = await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in ended - {stopping}:
            _report(task)
        return stop.is_set()
    finally:
        await cancel([*running, stopping])


async def both(
    first: Coroutine[Any, Any, First], second: Coroutine[Any, Any, Second]
) -> tuple[First, Second]:
    """What both give, awaited at once. What one raises is raised as it is, after the other's end."""
    try:
        async with asyncio.TaskGroup() as group:
            one, other = group.create_task(first), group.create_task(second)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return one.result(), other.result()


async def cancel(tasks: Collection[asyncio.Task[Any]]) -> Collection[asyncio.Task[Any]]:
    """Cancel *tasks* and wait a moment for their end; gives those that go on in spite of it."""
    if not tasks:
        return ()
    for task in tasks:
        task.cancel()
    _, left = await asyncio.wait(tasks, timeout=FAREWELL_SECONDS)
    for task in left:
        LOGGER.error("The task %r does not end although it was cancelled.", task.get_name())
    return left


def _report(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    LOGGER.critical(
        "The task %r ended unexpectedly, so the operator ends: %s",
        task.get_name(),
        error or "without an error",
        exc_info=error,
    )
