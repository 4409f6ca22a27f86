"""Ends every task that was started inside a block, directly or by another of its tasks.

A failed part of kopf leaves tasks behind (a watcher outlives the orchestrator that failed), and
kopf's own remedy is to cancel every task of the process. Tasks inherit context variables, so one of
these marks whose child a task is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from arkalia_operator.runtime.supervision import cancel

_FAMILY: ContextVar[WeakSet[asyncio.Task[Any]]] = ContextVar("family")


@asynccontextmanager
async def offspring() -> AsyncIterator[None]:
    """Whatever task is started inside has ended, or was told to, when the block is left."""
    loop = asyncio.get_running_loop()
    family: WeakSet[asyncio.Task[Any]] = WeakSet()
    loop.set_task_factory(_start)
    token = _FAMILY.set(family)
    try:
        yield
    finally:
        _FAMILY.reset(token)
        loop.set_task_factory(None)
        await cancel([task for task in family if not task.done()])


def _start(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    **options: Any,
) -> asyncio.Task[Any]:
    task = asyncio.Task(work, loop=loop, **options)
    family = _FAMILY.get(None)
    if family is not None:
        family.add(task)
    return task
