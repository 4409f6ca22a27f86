"""How kopf runs inside the operator: its settings, its login, and its restart.

Of kopf only the watch of our own resources is used (`on.event`): it writes nothing. Its watch ends
for good on some errors that pass (an ERROR event in the stream), so it is started again here; what
happens in between, our own informers tell. What it may not watch it asks for once a second, without
an end, and goes on with the other kinds.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

import kopf

from arkalia_operator import metrics
from arkalia_operator.api import GROUP
from arkalia_operator.api.resources import SYSTEM_PLURAL
from arkalia_operator.backoff import Backoff, jittered
from arkalia_operator.cluster.session import Session
from arkalia_operator.handlers import actions, modules, systems
from arkalia_operator.handlers.offspring import offspring
from arkalia_operator.handlers.storages import NoDiffBase, NoProgress
from arkalia_operator.runtime.intake import Intake
from arkalia_operator.runtime.supervision import cancel

LOGGER = logging.getLogger(__name__)

HEALTHY_SECONDS: Final = 30.0
LONGEST_RESTART_SECONDS: Final = 3.0
IDENTITY: Final[Any] = "arkalia-operator"
"""Without it kopf asks for the user's name, and ends where the user of a container has none."""


class Forever:
    """Delays between tries, without an end: kopf would give up after the last of a tuple.

    Short, because kopf also waits so before it opens a broken watch again.
    """

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.1, 0.2, 0.5), itertools.repeat(1.0))


def kopf_settings(selector: str = "") -> kopf.OperatorSettings:
    """Settings with which kopf only watches, recovers at once, and writes nothing.

    Of the systems it watches those that *selector* selects; empty: all.
    """
    settings = kopf.OperatorSettings()
    settings.networking.error_backoffs = Forever()
    settings.networking.connect_timeout = 3
    settings.networking.request_timeout = 30
    settings.watching.connect_timeout = 3
    settings.watching.inactivity_timeout = 70  # a bookmark comes every 60 s
    settings.watching.server_timeout = round(jittered(290))
    settings.watching.client_timeout = 330  # the total length of a stream: above server_timeout
    settings.watching.reconnect_backoff = 0.1
    settings.watching.initial_streaming = False  # loses objects if the stream breaks early
    settings.watching.chunk_size = None  # an expired page token would end kopf
    if selector:
        settings.watching.label_selectors[GROUP, SYSTEM_PLURAL] = selector
    settings.queueing.idle_timeout = 0.2
    settings.queueing.worker_limit = None
    settings.queueing.error_delays = (0.2, 0.5, 1, 2, 5)
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.finalizer = "arkalia.io/kopf-unused"
    settings.posting.enabled = False
    settings.posting.loggers = False
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.process.ultimate_exiting_timeout = None  # the operator has its own limit
    return settings


def kopf_registry(session: Session, intake: Intake) -> kopf.OperatorRegistry:
    """All that kopf calls: the login, and the events of our kinds."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.AiohttpSession:
        return session.for_kopf()

    systems.register(registry, intake)
    modules.register(registry, intake)
    actions.register(registry, intake)
    return registry


async def watch_resources(
    session: Session, intake: Intake, namespaces: Collection[str], started: Callable[[], None]
) -> None:
    """Run kopf until cancelled, again whenever it ends. *started* is called each time it runs."""
    backoff = Backoff(0.2, LONGEST_RESTART_SECONDS)
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        async with offspring():
            await _run_kopf(session, intake, namespaces, started)
        if clock() - began > HEALTHY_SECONDS:
            backoff.reset()
        metrics.WATCH_RESTARTS.inc()
        await asyncio.sleep(backoff.next())


async def _run_kopf(
    session: Session, intake: Intake, namespaces: Collection[str], started: Callable[[], None]
) -> None:
    """Run kopf until it ends; kopf.run_tasks would end all tasks of the process with it."""
    tasks = await kopf.spawn_tasks(
        registry=kopf_registry(session, intake),
        settings=kopf_settings(intake.selector),
        identity=IDENTITY,
        clusterwide=not namespaces,
        namespaces=namespaces,
    )
    started()
    try:
        await _one_ends(tasks)
    finally:
        await cancel(tasks)


async def _one_ends(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for the first end, which is one too many."""
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        error = None if task.cancelled() else task.exception()
        LOGGER.warning("kopf ended (%s) and is started again: %s", task.get_name(), error)
